use super::*;

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A database with a household in it, as bytes.
fn filled(directory: &Path) -> Vec<u8> {
    let mut store = Store::open(directory).unwrap();
    store.save_household(&vec!["Mia".repeat(200)]).unwrap();
    drop(store);
    std::fs::read(directory.join(FILE_NAME)).unwrap()
}

#[test]
fn documents_survive_reopening() {
    let directory = directory();
    let mut store = Store::open(directory.path()).unwrap();
    assert_eq!(store.household::<String>().unwrap(), None);
    store.save_household(&"first").unwrap();
    store.save_household(&"second").unwrap();
    let record = ListRecord { etag: Some("\"1\"".to_owned()), rules: 7, ..ListRecord::default() };
    store.save_list("ads", &record).unwrap();
    drop(store);
    let mut store = Store::open(directory.path()).unwrap();
    assert_eq!(store.household::<String>().unwrap().as_deref(), Some("second"));
    assert_eq!(store.list("ads").unwrap(), Some(record));
    assert_eq!(store.list("other").unwrap(), None);
}

/// Agents before and after this one keep less or more of a list, in the same schema.
#[test]
fn what_another_version_keeps_of_a_list_is_read() {
    let home = directory();
    let mut store = Store::open(home.path()).unwrap();
    let record = ListRecord { source: "a file".to_owned(), left_out: true, ..ListRecord::default() };
    store.save_list("ads", &record).unwrap();
    let mut document: serde_json::Value = store.read(LISTS, "ads").unwrap().unwrap();
    let fields = document.as_object_mut().unwrap();
    assert_eq!(fields.remove("left_out"), Some(true.into()));
    fields.insert("brought by a later version".to_owned(), 1.into());
    let write = |transaction: &WriteTransaction| {
        transaction.open_table(LISTS)?.insert("ads", serde_json::to_vec(&document)?.as_slice())?;
        Ok(())
    };
    store.write(write).unwrap();
    assert_eq!(store.list("ads").unwrap(), Some(ListRecord { left_out: false, ..record }));
}

/// Whatever happened to the file: either it still tells the household, or it is refused and left byte for byte.
#[test]
fn damage_is_refused_and_left_alone() {
    let home = directory();
    let good = filled(home.path());
    let path = home.path().join(FILE_NAME);
    let mut cases: Vec<(String, Vec<u8>)> = vec![
        ("empty".to_owned(), Vec::new()),
        ("text".to_owned(), b"<html>not a database</html>".to_vec()),
        ("zeros".to_owned(), vec![0; good.len()]),
        ("garbage".to_owned(), (0..good.len()).map(|i| (i * 7919 / 8) as u8).collect()),
    ];
    for length in (1..good.len()).step_by(good.len() / 53) {
        cases.push((format!("cut to {length}"), good[..length].to_vec()));
    }
    // Headers and roots lie at the front; most of the rest is unused.
    for at in (0..16 * 1024).step_by(163).chain((0..good.len()).step_by(16_411)) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x55;
        cases.push((format!("byte {at} changed"), bytes));
    }
    let mut refused = 0;
    for (name, bytes) in &cases {
        std::fs::write(&path, bytes).unwrap();
        let result = Store::open(home.path()).and_then(|mut store| store.household::<Vec<String>>());
        match result {
            Ok(household) => assert_eq!(household, Some(vec!["Mia".repeat(200)]), "{name}"),
            Err(error) => {
                refused += 1;
                assert!(matches!(error, StoreError::Damaged { .. }), "{name}: {error}");
                assert!(error.to_string().contains(path.to_str().unwrap()), "{name}: {error}");
                assert_eq!(std::fs::read(&path).unwrap(), *bytes, "{name}: the file was written to");
            }
        }
    }
    assert!(refused >= 50, "only {refused} of {} were refused", cases.len());
}

#[test]
fn a_newer_schema_is_refused() {
    let home = directory();
    filled(home.path());
    let path = home.path().join(FILE_NAME);
    set_schema(&path, SCHEMA_VERSION + 1);
    let error = Store::open(home.path()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found, .. } if found == SCHEMA_VERSION + 1), "{error}");
}

/// Writes a schema's number into a database that is not open.
fn set_schema(path: &Path, schema: u64) {
    let database = builder().open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(NUMBERS).unwrap().insert(SCHEMA_VERSION_KEY, schema).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn an_upgrade_leaves_a_way_back() {
    let home = directory();
    let before = filled(home.path());
    let path = home.path().join(FILE_NAME);
    set_schema(&path, SCHEMA_VERSION - 1);
    drop(Store::open(home.path()).unwrap());
    let kept = builder().open(versions::copy_of(&path, SCHEMA_VERSION - 1)).unwrap();
    assert_eq!(schema_version(&kept), Ok(SCHEMA_VERSION - 1));

    // A later version has kept this one's database, and written its own; then this version is put back.
    std::fs::write(versions::copy_of(&path, SCHEMA_VERSION), before).unwrap();
    let mut store = Store::open(home.path()).unwrap();
    store.save_household(&"of the later version").unwrap();
    drop(store);
    set_schema(&path, SCHEMA_VERSION + 1);
    let mut store = Store::open(home.path()).unwrap();
    assert_eq!(store.household().unwrap(), Some(vec!["Mia".repeat(200)]));
    let aside = builder().open(versions::copy_of(&path, SCHEMA_VERSION + 1)).unwrap();
    assert_eq!(schema_version(&aside), Ok(SCHEMA_VERSION + 1));
}

#[test]
fn copies_are_forgotten_when_they_are_old_or_told_to_be() {
    let home = directory();
    filled(home.path());
    let path = home.path().join(FILE_NAME);
    let copy = versions::copy_of(&path, SCHEMA_VERSION - 1);
    let other = versions::copy_of(&path, SCHEMA_VERSION + 1);
    set_schema(&path, SCHEMA_VERSION - 1);
    let store = Store::open(home.path()).unwrap();
    std::fs::write(&other, "Mia").unwrap();
    let days = |count: u64| std::time::Duration::from_secs(count * 24 * 60 * 60);
    let made = std::fs::metadata(&copy).unwrap().modified().unwrap();
    // A clock that was wrong has made one of them in the future.
    File::open(&other).unwrap().set_modified(made + days(3000)).unwrap();
    store.forget_old_copies(made + days(29)).unwrap();
    assert!(copy.exists() && other.exists());
    store.forget_old_copies(made + days(31)).unwrap();
    assert!(!copy.exists() && other.exists());
    store.forget_old_copies(made + days(60)).unwrap();
    assert!(!other.exists());

    for name in ["stairgate.schema-6.redb", "stairgate.schema-7.copy", "stairgate.copy", "stairgate.toml"] {
        std::fs::write(home.path().join(name), "Mia").unwrap();
    }
    store.forget_copies().unwrap();
    let mut left: Vec<_> = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [FILE_NAME, "stairgate.toml"]);
    drop(store);
    assert!(Store::open(home.path()).is_ok());
}

/// Updates begin with a start of the machine, when a clock without a battery may show any time.
#[test]
fn a_copy_is_no_older_than_what_it_is_a_copy_of() {
    let home = directory();
    filled(home.path());
    let path = home.path().join(FILE_NAME);
    set_schema(&path, SCHEMA_VERSION - 1);
    let written = std::time::SystemTime::now() + std::time::Duration::from_secs(100 * 24 * 60 * 60);
    File::open(&path).unwrap().set_modified(written).unwrap();
    drop(Store::open(home.path()).unwrap());
    let copy = std::fs::metadata(versions::copy_of(&path, SCHEMA_VERSION - 1)).unwrap();
    assert!(copy.modified().unwrap() >= written);
}

#[test]
fn what_version_1_wrote_is_kept() {
    let home = directory();
    let mut store = Store::open(home.path()).unwrap();
    store.save_household(&serde_json::json!({"name": "Home", "unknown_devices": {"event_names": true}})).unwrap();
    store.save_list("ads", &ListRecord { rules: 7, ..ListRecord::default() }).unwrap();
    drop(store);
    let path = home.path().join(FILE_NAME);
    set_schema(&path, 1);
    // Once it was brought up to date, it stays as it is.
    for _ in 0..2 {
        let mut store = Store::open(home.path()).unwrap();
        let expected = serde_json::json!({"name": "Home", "unknown_devices": {"log": "blocked-names"}});
        assert_eq!(store.household::<serde_json::Value>().unwrap(), Some(expected));
        assert_eq!(store.list("ads").unwrap().map(|record| record.rules), Some(7));
    }
}

#[test]
fn days_of_use_are_kept_by_person_and_really_forgotten() {
    let home = directory();
    let mut store = Store::open(home.path()).unwrap();
    let day = |day| jiff::civil::date(2026, 11, day);
    let kept = |store: &Store, person| -> Vec<(i8, String)> {
        let days = store.usage::<String>(person, jiff::civil::Date::MIN, jiff::civil::Date::MAX).unwrap();
        days.into_iter().map(|(date, text)| (date.day(), text)).collect()
    };
    assert_eq!(kept(&store, 1), []);
    let mut batch = Batch::default();
    for person in [1, 2, 3] {
        for number in [9, 10, 11] {
            batch.usage(person, day(number), &format!("person {person}, day {number}"));
        }
    }
    store.save(batch).unwrap();
    assert_eq!(store.usage::<String>(2, day(10), day(10)).unwrap(), [(day(10), "person 2, day 10".to_owned())]);
    let mut batch = Batch::default();
    batch.forget_usage(2);
    batch.usage(2, day(11), &"rest");
    batch.keep_usage(day(10), day(11));
    store.save(batch).unwrap();
    drop(store);
    let store = Store::open(home.path()).unwrap();
    let days = |person| kept(&store, person).into_iter().map(|(day, _)| day).collect::<Vec<_>>();
    assert_eq!((days(1), days(3)), (vec![10, 11], vec![10, 11]));
    assert_eq!(kept(&store, 2), [(11, "rest".to_owned())]);
}

#[test]
fn what_version_3_wrote_is_kept() {
    let home = directory();
    let household = serde_json::json!({"name": "Home", "unknown_devices": {"log": "reasons"}});
    let mut store = Store::open(home.path()).unwrap();
    store.save_household(&household).unwrap();
    drop(store);
    let path = home.path().join(FILE_NAME);
    let database = builder().open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(NUMBERS).unwrap().insert(SCHEMA_VERSION_KEY, 3).unwrap();
    transaction.delete_table(DAYS).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let mut store = Store::open(home.path()).unwrap();
    assert_eq!(store.household::<serde_json::Value>().unwrap(), Some(household));
    assert_eq!(store.usage::<String>(1, jiff::civil::Date::MIN, jiff::civil::Date::MAX).unwrap(), []);
    drop(store);
    let database = builder().open(&path).unwrap();
    assert_eq!(schema_version(&database), Ok(SCHEMA_VERSION));
}

#[test]
fn what_version_4_wrote_is_kept() {
    let home = directory();
    filled(home.path());
    let path = home.path().join(FILE_NAME);
    set_schema(&path, 4);
    let database = builder().open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    for (person, day) in [(7, 20261109), (7, 20261110), (70, 20261110)] {
        let text = format!("\"person {person}, day {day}\"");
        transaction.open_table(OLD_USAGE).unwrap().insert((person, day), text.as_bytes()).unwrap();
    }
    for number in [8, 9, 10] {
        let text = format!("\"change {number}\"");
        transaction.open_table(OLD_AUDIT).unwrap().insert(number, text.as_bytes()).unwrap();
    }
    transaction.commit().unwrap();
    drop(database);
    // Once it was brought up to date, it stays as it is.
    for _ in 0..2 {
        let store = Store::open(home.path()).unwrap();
        let [first, second] = [9, 10].map(|day| jiff::civil::date(2026, 11, day));
        let days = store.usage::<String>(7, first, second).unwrap();
        assert_eq!(days, [(first, "person 7, day 20261109".into()), (second, "person 7, day 20261110".into())]);
        assert_eq!(store.usage::<String>(70, first, second).unwrap(), [(second, "person 70, day 20261110".into())]);
        let changes = store.audit::<String>(10, 9).unwrap();
        assert_eq!(changes, [(9, "change 9".into()), (8, "change 8".into())]);
    }
    let mut store = Store::open(home.path()).unwrap();
    let mut batch = Batch::default();
    batch.audit(&"next");
    store.save(batch).unwrap();
    assert_eq!(store.audit::<String>(u64::MAX, 1).unwrap(), [(11, "next".into())]);
}

#[test]
fn a_batch_is_saved_whole() {
    let home = directory();
    let mut store = Store::open(home.path()).unwrap();
    assert_eq!((store.number(Number::Revision).unwrap(), store.audit::<String>(u64::MAX, 9).unwrap()), (0, Vec::new()));
    let mut batch = Batch::default();
    batch.document(Document::Household, &"household");
    batch.document(Document::Requests, &"requests");
    batch.number(Number::Revision, 7);
    batch.audit(&"first");
    batch.audit(&"second");
    store.save(batch).unwrap();
    drop(store);
    let mut store = Store::open(home.path()).unwrap();
    assert_eq!(store.document::<String>(Document::Requests).unwrap().as_deref(), Some("requests"));
    assert_eq!(store.document::<String>(Document::Preferences).unwrap(), None);
    assert_eq!(store.number(Number::Revision).unwrap(), 7);
    let audit = |store: &Store, before, count| store.audit::<String>(before, count).unwrap();
    assert_eq!(audit(&store, u64::MAX, 9), [(2, "second".to_owned()), (1, "first".to_owned())]);
    assert_eq!(audit(&store, 2, 9), [(1, "first".to_owned())]);
    assert_eq!(audit(&store, u64::MAX, 1), [(2, "second".to_owned())]);

    // A document that cannot be written takes the others with it.
    let mut batch = Batch::default();
    batch.number(Number::Revision, 8);
    batch.document(Document::Requests, &std::collections::BTreeMap::from([((1, 2), "keys of JSON are strings")]));
    assert!(matches!(store.save(batch), Err(StoreError::NotSaved { .. })));
    assert_eq!(store.number(Number::Revision).unwrap(), 7);

    let mut batch = Batch::default();
    batch.rewrite_audit(1, Some(&"rewritten"));
    batch.rewrite_audit::<String>(2, None);
    store.save(batch).unwrap();
    assert_eq!(audit(&store, u64::MAX, 9), [(1, "rewritten".to_owned())]);
    let mut batch = Batch::default();
    for number in 0..AUDIT_ENTRIES_MAX + 5 {
        batch.audit(&number.to_string());
    }
    store.save(batch).unwrap();
    let all = audit(&store, u64::MAX, usize::MAX);
    assert_eq!((all.len(), all[0].1.clone()), (AUDIT_ENTRIES_MAX, (AUDIT_ENTRIES_MAX + 4).to_string()));
}

#[test]
fn a_second_agent_is_refused() {
    let home = directory();
    let _first = Store::open(home.path()).unwrap();
    let error = Store::open(home.path()).unwrap_err();
    assert!(error.to_string().contains("another process"), "{error}");
}

/// A directory on a tiny file system of its own, which root may mount. Unmounted when dropped.
struct TinyDisk(tempfile::TempDir);

impl TinyDisk {
    fn mount(options: &str) -> Option<Self> {
        let directory = directory();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "stairgate-test"])
            .arg(directory.path())
            .stderr(std::process::Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(directory));
        }
        println!("not root, or no mount: the test of a full disk is left out");
        None
    }

    fn remount(&self, options: &str) {
        let status = std::process::Command::new("mount").args(["-o", options]).arg(self.0.path()).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_changes_nothing_and_is_told() {
    let Some(disk) = TinyDisk::mount("size=2m") else { return };
    let home = disk.0.path();
    let mut store = Store::open(home).unwrap();
    store.save_household(&"before").unwrap();
    // What is left of the disk is filled up, as any log might do.
    let filler = home.join("filler");
    let filled = std::fs::write(&filler, vec![1; 4 << 20]);
    assert!(filled.is_err());
    let big = "x".repeat(1 << 20);
    let error = store.save_household(&big).unwrap_err();
    assert!(matches!(error, StoreError::NotSaved { .. }), "{error}");
    assert!(error.to_string().starts_with("nothing was changed"), "{error}");
    assert!(store.save_household(&big).is_err(), "there is still no room");
    // What pages show besides the household is still read.
    let day = jiff::civil::date(2026, 11, 22);
    assert_eq!(store.usage::<u32>(1, day, day).unwrap(), []);
    // As soon as there is room the running agent can save again, and what was saved before is still there.
    std::fs::remove_file(&filler).unwrap();
    assert_eq!(store.household::<String>().unwrap().as_deref(), Some("before"));
    store.save_household(&"again").unwrap();
    drop(store);
    let mut store = Store::open(home).unwrap();
    assert_eq!(store.household::<String>().unwrap().as_deref(), Some("again"));
}

#[test]
fn a_disk_too_small_for_a_database_is_told() {
    let Some(disk) = TinyDisk::mount("size=8k") else { return };
    let error = Store::open(disk.0.path()).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(!disk.0.path().join(FILE_NAME).exists());
}

#[test]
fn a_read_only_disk_is_told() {
    let Some(disk) = TinyDisk::mount("size=4m") else { return };
    filled(disk.0.path());
    disk.remount("remount,ro");
    let error = Store::open(disk.0.path()).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("writable"), "{error}");
}
