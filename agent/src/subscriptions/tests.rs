//! Against a server on the loopback interface that misbehaves on request.

use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;
use crate::tables::Held;

const LIST: &str = "one.example\ntwo.example\nthree.example\n";
const NOW: i64 = 1_800_000_000;

/// How a server answers the request whose head it is given.
type Answer = dyn Fn(&str, &mut TcpStream) + Send + Sync;

/// A server that answers every request in the same way until the test ends.
struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn start(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/list", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let (counter, answer): (_, Arc<Answer>) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (counter, answer, mut stream) = (Arc::clone(&counter), Arc::clone(&answer), stream.unwrap());
                thread::spawn(move || {
                    counter.fetch_add(1, Ordering::SeqCst);
                    let mut head = String::new();
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while reader.read_line(&mut head).unwrap() > 2 {}
                    answer(&head, &mut stream);
                });
            }
        });
        Self { url, requests }
    }

    /// A server of one good list with an `ETag`.
    fn good() -> Self {
        Self::start(|head, stream| {
            if head.contains("\"v1\"") {
                respond(stream, "304 Not Modified", "ETag: \"v1\"\r\n", "");
            } else {
                respond(stream, "200 OK", "ETag: \"v1\"\r\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\r\n", LIST);
            }
        })
    }
}

fn respond(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let length = body.len();
    // A client that has seen enough hangs up.
    let _ = write!(stream, "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
}

fn list(source: Source) -> List {
    List {
        name: "test".to_owned(),
        source,
        refresh: Duration::from_secs(3600),
        format: None,
        tag: stairgate_abi::Tag(1),
    }
}

fn quick() -> Limits {
    let short = Duration::from_millis(700);
    Limits { bytes_max: 100_000, connect: short, head: short, total: 2 * short }
}

struct Fixture {
    _directory: tempfile::TempDir,
    copies: Copies,
    /// A good copy from a source that is gone.
    known: ListRecord,
}

/// A directory with a good copy that came from `server`'s address.
fn with_copy(server: &Server) -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let copies = Copies::new(directory.path().join("lists"), quick());
    fs::create_dir_all(directory.path().join("lists")).unwrap();
    fs::write(copies.path("test"), LIST).unwrap();
    let known = ListRecord {
        source: server.url.clone(),
        bytes: LIST.len() as u64,
        rules: 3,
        sha256: "of another list".to_owned(),
        ..ListRecord::default()
    };
    Fixture { _directory: directory, copies, known }
}

/// Expects that `server` cannot spoil a good copy, and that the error says why.
#[track_caller]
fn copy_survives(server: &Server, expected: &str) {
    let Fixture { _directory, copies, known } = with_copy(server);
    let result = copies.refresh(&list(Source::Url(server.url.clone())), Some(&known), NOW);
    let error = result.unwrap_err().to_string();
    assert!(error.contains(expected), "{error:?} lacks {expected:?}");
    assert_eq!(fs::read_to_string(copies.path("test")).unwrap(), LIST);
    let left: Vec<_> = fs::read_dir(copies.path("test").parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "something was left behind: {left:?}");
}

#[test]
fn a_list_is_fetched_once_and_then_confirmed() {
    let server = Server::good();
    let directory = tempfile::tempdir().unwrap();
    let copies = Copies::new(directory.path().join("new/lists"), quick());
    let list = list(Source::Url(server.url.clone()));
    let Refreshed::Replaced(record) = copies.refresh(&list, None, NOW).unwrap() else { panic!("not replaced") };
    assert_eq!(fs::read_to_string(copies.path("test")).unwrap(), LIST);
    assert_eq!((record.rules, record.bytes, record.etag.as_deref()), (3, LIST.len() as u64, Some("\"v1\"")));
    assert_eq!(record.sha256.len(), 64);

    let Refreshed::Confirmed(confirmed) = copies.refresh(&list, Some(&record), NOW + 60).unwrap() else {
        panic!("fetched again")
    };
    assert_eq!(confirmed, ListRecord { checked_at: NOW + 60, ..record.clone() });
    assert_eq!(server.requests.load(Ordering::SeqCst), 2);

    // Without its copy, what was kept of it is worthless, and the list is fetched as if for the first time.
    fs::remove_file(copies.path("test")).unwrap();
    assert!(matches!(copies.refresh(&list, Some(&record), NOW).unwrap(), Refreshed::Replaced(_)));
}

#[test]
fn a_server_without_etag_confirms_by_content() {
    let server = Server::start(|_, stream| respond(stream, "200 OK", "", LIST));
    let Fixture { _directory, copies, .. } = with_copy(&server);
    let list = list(Source::Url(server.url.clone()));
    let first = copies.refresh(&list, None, NOW).unwrap();
    assert!(matches!(copies.refresh(&list, Some(first.record()), NOW).unwrap(), Refreshed::Confirmed(_)));
}

#[test]
fn compressed_transfer_and_chunks_are_read() {
    let server = Server::start(|_, stream| {
        let half = LIST.len() / 2;
        let (front, back) = LIST.split_at(half);
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{front}\r\n{:x}\r\n{back}\r\n0\r\n\r\n",
            front.len(),
            back.len()
        );
    });
    let Fixture { _directory, copies, .. } = with_copy(&server);
    let refreshed = copies.refresh(&list(Source::Url(server.url.clone())), None, NOW).unwrap();
    assert_eq!(refreshed.record().rules, 3);
}

#[test]
fn errors_and_other_pages_never_replace_a_list() {
    for (status, expected) in [
        ("500 Internal Server Error", "answered 500"),
        ("404 Not Found", "answered 404"),
        ("204 No Content", "answered 204"),
        ("206 Partial Content", "answered 206"),
        // Nobody asked whether anything had changed.
        ("304 Not Modified", "answered 304"),
    ] {
        let server = Server::start(move |_, stream| respond(stream, status, "", ""));
        if status.starts_with("304") {
            let Fixture { _directory, copies, known } = with_copy(&server);
            let moved = ListRecord { source: "elsewhere".to_owned(), ..known };
            let error = copies.refresh(&list(Source::Url(server.url.clone())), Some(&moved), NOW).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        } else {
            copy_survives(&server, expected);
        }
    }
    let html = "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body>Welcome to the hotel</body></html>\n";
    copy_survives(&Server::start(move |_, stream| respond(stream, "200 OK", "", html)), "not a list");
    copy_survives(&Server::start(|_, stream| respond(stream, "200 OK", "", "")), "not a list");
    let noise = "\u{1}\u{2}\u{3}\u{0}\u{fffd}".repeat(2000);
    copy_survives(&Server::start(move |_, stream| respond(stream, "200 OK", "", &noise)), "not a list");
    let looping = "Location: /list\r\n";
    copy_survives(&Server::start(move |_, stream| respond(stream, "302 Found", looping, "")), "did not deliver");
}

#[test]
fn half_a_list_never_replaces_a_list() {
    // The length is promised and not kept.
    let cut = Server::start(|_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{LIST}");
    });
    copy_survives(&cut, "did not deliver");
    // The last chunk never comes.
    let cut = Server::start(|_, stream| {
        let length = LIST.len();
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{LIST}\r\n");
    });
    copy_survives(&cut, "did not deliver");
    copy_survives(&Server::start(|_, _| {}), "did not deliver");
}

#[test]
fn a_flood_is_cut_off() {
    let flood = Server::start(|_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while stream.write_all(b"endless.example\n").is_ok() {}
    });
    copy_survives(&flood, "larger than 100000 bytes");
}

#[test]
fn slow_servers_are_given_up() {
    let silent = Server::start(|_, _| thread::sleep(Duration::from_secs(10)));
    copy_survives(&silent, "did not deliver");
    let trickle = Server::start(|_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    copy_survives(&trickle, "did not deliver");
}

#[test]
fn nobody_at_all() {
    // A port that was free a moment ago.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let gone = Server { url: format!("http://127.0.0.1:{port}/"), requests: Arc::default() };
    copy_survives(&gone, "did not deliver");
    let unknown = Server { url: "http://nonexistent.invalid/".to_owned(), requests: Arc::default() };
    copy_survives(&unknown, "did not deliver");
}

#[test]
fn a_list_that_shrinks_to_nothing_is_a_mistake_of_its_publisher() {
    let server = Server::start(|_, stream| respond(stream, "200 OK", "", LIST));
    let Fixture { _directory, copies, known } = with_copy(&server);
    let known = ListRecord { rules: 50_000, ..known };
    let error = copies.refresh(&list(Source::Url(server.url.clone())), Some(&known), NOW).unwrap_err();
    assert!(matches!(error, RefreshError::Shrunk { found: 3, expected: 50_000, .. }), "{error}");
}

#[test]
fn files_are_copied_when_they_change() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.txt");
    let copies = Copies::new(directory.path().join("lists"), quick());
    let list = list(Source::Path(path.clone()));
    assert!(copies.refresh(&list, None, NOW).unwrap_err().to_string().contains("cannot be read"));
    fs::write(&path, LIST).unwrap();
    let first = copies.refresh(&list, None, NOW).unwrap();
    assert!(matches!(first, Refreshed::Replaced(_)));
    assert!(matches!(copies.refresh(&list, Some(first.record()), NOW).unwrap(), Refreshed::Confirmed(_)));
    fs::write(&path, format!("{LIST}four.example\n")).unwrap();
    let second = copies.refresh(&list, Some(first.record()), NOW).unwrap();
    assert_eq!(second.record().rules, 4);
    fs::write(&path, "<html>").unwrap();
    assert!(copies.refresh(&list, Some(second.record()), NOW).is_err());
    assert_eq!(fs::read_to_string(copies.path("test")).unwrap(), format!("{LIST}four.example\n"));
    // A device or a directory is not a list, and reading one might never end.
    for odd in ["/dev/zero", "/tmp"] {
        let odd = super::tests::list(Source::Path(PathBuf::from(odd)));
        assert!(copies.refresh(&odd, None, NOW).unwrap_err().to_string().contains("not a regular file"));
    }
}

#[test]
fn a_directory_that_cannot_be_written_is_told() {
    let server = Server::good();
    let copies = Copies::new(PathBuf::from("/proc/nonexistent"), quick());
    let error = copies.refresh(&list(Source::Url(server.url.clone())), None, NOW).unwrap_err();
    assert!(matches!(error, RefreshError::Disk(_)), "{error}");
}

#[test]
fn pauses_double_and_are_spread() {
    let day = Duration::from_secs(86_400);
    let minute = Duration::from_secs(60);
    for (failures, expected) in [(0, day), (1, minute), (2, 2 * minute), (5, 16 * minute), (40, 1024 * minute)] {
        let (least, most) = (next_look(day, failures, 0), next_look(day, failures, u32::MAX));
        assert_eq!((least, most), (expected.mul_f64(0.75), expected.mul_f64(1.25)), "{failures}");
    }
    // Never later than it would have been looked for anyway.
    assert_eq!(next_look(minute, 9, u32::MAX / 2).as_secs(), 59);
}

#[test]
fn copies_of_lists_that_are_gone_are_removed() {
    let directory = tempfile::tempdir().unwrap();
    let copies = Copies::new(directory.path().join("lists"), Limits::default());
    copies.keep_only(&[]);
    fs::create_dir(directory.path().join("lists")).unwrap();
    for name in ["kept.list", "gone.list", "something.else"] {
        fs::write(directory.path().join("lists").join(name), LIST).unwrap();
    }
    let list = List {
        name: "kept".to_owned(),
        source: Source::Url("http://list.example/".to_owned()),
        format: None,
        tag: stairgate_abi::Tag(1),
        refresh: Duration::from_secs(3600),
    };
    copies.keep_only(&[Wanted { list, held: Held::Here }]);
    let mut left: Vec<_> =
        fs::read_dir(directory.path().join("lists")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["kept.list", "something.else"]);
}
