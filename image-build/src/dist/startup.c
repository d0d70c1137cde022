// GCC lays objects of its own around a program, which register frames to unwind by and clones for transactional memory.
// Those for MIPS use floating-point registers, which the processors of routers lack. Musl starts and ends a program
// without them: this stands in for the first of them, and nothing for the last.

// Tells functions that are to be called at the end of a thread whose they are (Itanium C++ ABI, §3.3.6); there is only one
// who could own them.
__attribute__((visibility("hidden"))) void *__dso_handle = 0;
