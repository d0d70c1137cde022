// Rust's library makes backtraces by the functions of an unwinder, and Debian has none for musl. A panic ends the agent,
// and what says where it happened needs no backtrace: these find that there is nothing to walk.

// From the Itanium C++ ABI, level 1.
enum { END_OF_STACK = 5 };

int _Unwind_Backtrace(void *visit, void *argument) { return END_OF_STACK; }
unsigned long _Unwind_GetIP(void *context) { return 0; }
unsigned long _Unwind_GetCFA(void *context) { return 0; }
void *_Unwind_FindEnclosingFunction(void *address) { return 0; }

#ifdef __arm__
// ARM reads registers by other functions (its exception handling ABI, §7.5), and names routines for every object file.
int _Unwind_VRS_Get(void *context, int class, unsigned number, int kind, void *value) { return 1; }
void __aeabi_unwind_cpp_pr0(void) {}
void __aeabi_unwind_cpp_pr1(void) {}
#endif
