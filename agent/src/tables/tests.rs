use std::fs;
use std::time::Duration;

use stairgate_policy::household::Scope;

use super::*;
use crate::config::Source;
use crate::dataplane::Dataplane;
use crate::gate::memory::MemoryGate;
use crate::subscriptions::Limits;

struct Fixture {
    _directory: tempfile::TempDir,
    gate: Arc<MemoryGate>,
    copies: Copies,
    writer: TableWriter,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let gate = Arc::new(MemoryGate::default());
    let copies = Copies::new(directory.path().to_owned(), Limits::default());
    let writer = TableWriter::start(Arc::clone(&gate), copies.clone()).unwrap();
    Fixture { _directory: directory, gate, copies, writer }
}

fn list(name: &str, tag: u8) -> List {
    List {
        name: name.to_owned(),
        source: Source::Path("/nonexistent".into()),
        refresh: Duration::from_secs(3600),
        format: None,
        tag: Tag(tag),
    }
}

impl Fixture {
    fn tags(&self, name: &str) -> (Vec<u8>, Vec<u8>) {
        let (this, below) = self.gate.domain(NameHash::of(self.gate.hash_key(), name.as_bytes()).0);
        let numbers = |tags: Tags| tags.iter().map(|tag| tag.0).collect();
        (numbers(this.tags), numbers(below.tags))
    }
}

fn not_held(list: List) -> Wanted {
    Wanted { list, held: Held::No }
}

fn own(name: &str, tag: Tag, scope: Scope) -> OwnEntry {
    OwnEntry { name: name.to_owned(), tag, scope }
}

#[test]
fn lists_services_and_own_rules_share_the_table() {
    let fixture = fixture();
    fs::write(fixture.copies.path("good"), "one.example\ntwo.example\n").unwrap();
    fs::write(fixture.copies.path("bad"), "<html><body>Log in</body></html>").unwrap();
    let deny = tags::own_deny(3).unwrap();
    let lists = [list("good", 5), list("bad", 6), list("missing", 7)].map(not_held).to_vec();
    let compilation =
        fixture.writer.compile(lists, vec![own("two.example", deny, Scope::This)]).blocking_recv().unwrap();
    assert_eq!(
        compilation.reports.iter().map(|(name, report)| (name.as_str(), report.entries)).collect::<Vec<_>>(),
        [("good", 2)]
    );
    let failures: Vec<_> = compilation.failures.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(failures, ["bad", "missing"]);
    assert!(compilation.update.unwrap().total > 2, "services are there too");
    assert_eq!(fixture.tags("one.example"), (vec![5], vec![5]));
    assert_eq!(fixture.tags("two.example"), (vec![5, deny.0], vec![5]));
}

#[test]
fn a_decision_keeps_what_the_lists_say() {
    let fixture = fixture();
    fs::write(fixture.copies.path("good"), "one.example\ntwo.example\n").unwrap();
    let compiling = fixture.writer.compile(vec![not_held(list("good", 5))], Vec::new());
    // Decided while the lists, without it, are still being compiled.
    let (deny, allow) = (tags::own_deny(3).unwrap(), tags::own_allow(4).unwrap());
    let names = BTreeSet::from(["one.example".to_owned(), "new.example".to_owned()]);
    let rules = vec![
        own("one.example", deny, Scope::Both),
        own("one.example", allow, Scope::Below),
        own("new.example", deny, Scope::Both),
    ];
    fixture.writer.set_own(names.clone(), rules).blocking_recv().unwrap().unwrap();
    compiling.blocking_recv().unwrap().update.unwrap();
    assert_eq!(fixture.tags("one.example"), (vec![5, deny.0], vec![5, deny.0, allow.0]));
    assert_eq!(fixture.tags("new.example"), (vec![deny.0], vec![deny.0]));
    // And taken back.
    fixture.writer.set_own(names, Vec::new()).blocking_recv().unwrap().unwrap();
    assert_eq!(fixture.tags("one.example"), (vec![5], vec![5]));
    assert_eq!(fixture.tags("new.example"), (vec![], vec![]));
}

#[test]
fn a_lost_copy_opens_nothing() {
    let fixture = fixture();
    fs::write(fixture.copies.path("good"), "one.example\n").unwrap();
    let wanted = |held| vec![Wanted { list: list("good", 5), held }];
    assert!(fixture.writer.compile(wanted(Held::Here), Vec::new()).blocking_recv().unwrap().update.is_ok());
    fs::remove_file(fixture.copies.path("good")).unwrap();
    for held in [Held::Here, Held::Elsewhere] {
        let compilation = fixture.writer.compile(wanted(held), Vec::new()).blocking_recv().unwrap();
        assert!(compilation.update.unwrap_err().to_string().contains("`good` is lost"), "{held:?}");
        assert_eq!(fixture.tags("one.example"), (vec![5], vec![5]), "{held:?}");
    }
}

#[test]
fn a_list_that_the_table_does_not_hold_keeps_nothing_out() {
    let fixture = fixture();
    fs::write(fixture.copies.path("good"), "one.example\n").unwrap();
    let deny = tags::own_deny(3).unwrap();
    let lists = [list("lost", 6), list("good", 5)].map(not_held).to_vec();
    let own = vec![own("two.example", deny, Scope::This)];
    let compilation = fixture.writer.compile(lists, own).blocking_recv().unwrap();
    assert!(compilation.update.is_ok());
    let [(name, Unused::Copy(_))] = &compilation.failures[..] else { panic!("{:?}", compilation.failures) };
    assert_eq!(name, "lost");
    assert_eq!(fixture.tags("one.example"), (vec![5], vec![5]));
    assert_eq!(fixture.tags("two.example"), (vec![deny.0], vec![]));
    let (tag, service) = services::rules().next().unwrap();
    assert!(fixture.tags(service).0.contains(&tag.0));
}

/// The largest list goes first, whatever the order; what the table holds is not given up for another list.
#[test]
fn while_there_is_no_room_the_largest_list_is_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let copies = Copies::new(directory.path().to_owned(), Limits::default());
    let gate = Dataplane::without_gate(services::rules().count() as u32 + 5_000).unwrap();
    let write = |name: &str, count: usize| {
        let names: String = (0..count).map(|number| format!("{number}.{name}.example\n")).collect();
        fs::write(copies.path(name), names).unwrap();
    };
    let deny = tags::own_deny(3).unwrap();
    let own = [own("own.example", deny, Scope::Both)];
    let compile = |lists: &[(&str, Held)]| {
        let wanted = |&(name, held): &(&str, Held)| Wanted { list: list(name, 5), held };
        let compilation = compile_copies(&gate, &copies, &lists.iter().map(wanted).collect::<Vec<_>>(), &own);
        let left_out = |(name, unused): (String, Unused)| match unused {
            Unused::NoRoom(problem) if problem.contains("drop a list") => name,
            unused => panic!("{name}: {unused}"),
        };
        (compilation.update.is_ok(), compilation.failures.into_iter().map(left_out).collect::<Vec<_>>())
    };
    let has = |name: &str| gate.domain(NameHash::of(gate.hash_key(), name.as_bytes()).0).0.tags != Tags::EMPTY;
    write("small", 1_000);
    write("large", 40_000);
    write("largest", 80_000);
    assert_eq!(compile(&[("large", Held::No), ("largest", Held::No)]), (true, vec!["largest".into(), "large".into()]));
    assert!(has("own.example") && has(services::rules().next().unwrap().1), "these are in it whatever the lists are");
    assert_eq!(compile(&[("large", Held::No), ("small", Held::No)]), (true, vec!["large".into()]));
    assert!(has("0.small.example") && !has("0.large.example"));
    // A list that comes later finds its place, although there still is none for the other.
    write("new", 500);
    assert_eq!(compile(&[("large", Held::No), ("small", Held::Here), ("new", Held::No)]), (true, vec!["large".into()]));
    assert!(has("0.new.example"));
    // One that has outgrown the table stays in it as it was.
    write("small", 60_000);
    assert_eq!(compile(&[("small", Held::Here)]), (false, vec![]));
    assert!(has("999.small.example") && has("0.new.example") && !has("1000.small.example"));
    // But it must not keep new tables from coming into force.
    assert_eq!(compile(&[("small", Held::Elsewhere), ("new", Held::Elsewhere)]), (true, vec!["small".into()]));
    assert!(has("0.new.example") && !has("0.small.example"));
}
