//! hosts(5) syntax.

use super::output::{Kind, Output, Syntax, address, before_comment, is_null_address, words};
use super::{Scope, Skip};

pub(super) struct Hosts;

impl Syntax for Hosts {
    fn line(&mut self, line: &[u8], out: &mut Output<'_>) {
        let mut words = words(before_comment(line, b'#'));
        let Some(first) = words.next() else { return };
        // A digit or a colon spares names the parsing of an address.
        let could_be_address = first[0].is_ascii_digit() || first.contains(&b':');
        if could_be_address && is_null_address(first) {
            let mut named = false;
            for name in words {
                named = true;
                out.rule(name, Kind::bare(Scope::This));
            }
            if !named {
                out.skip(Skip::Address);
            }
        } else if could_be_address && address(first).is_some() {
            // A hosts file that sends a name to a real address is no list; such a line among others is not a block.
            out.skip(if words.next().is_some() { Skip::Rewrite } else { Skip::Address });
        } else if words.next().is_some() {
            out.skip(Skip::Malformed);
        } else {
            // Some lists leave the address out.
            out.rule(first, Kind::bare(Scope::This));
        }
    }
}
