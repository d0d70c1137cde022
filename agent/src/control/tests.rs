use std::io::{BufRead, Read, Write};
use std::os::unix::net::UnixStream as BlockingStream;
use std::thread;

use super::*;

/// Serves a socket that answers `People` with nobody and refuses everything else, while `talk` talks to it.
fn while_serving(talk: impl FnOnce(&Path) + Send + 'static) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run/control.sock");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut calls = Control::bind(&path, None).unwrap().serve(Live::default());
        tokio::spawn(async move {
            while let Some(call) = calls.recv().await {
                let reply = match call.request {
                    Request::People => Reply::People(Vec::new()),
                    _ => Reply::Refused(format!("user {} may not", call.user)),
                };
                let _ = call.reply.send(reply);
            }
        });
        let path = path.clone();
        tokio::task::spawn_blocking(move || talk(&path)).await.unwrap();
    });
}

fn line(stream: &mut BlockingStream) -> String {
    let mut reply = String::new();
    io::BufReader::new(stream).read_line(&mut reply).unwrap();
    reply
}

#[test]
fn questions_are_answered() {
    while_serving(|path| {
        assert_eq!(client::ask(path, &Request::People).unwrap(), Reply::People(Vec::new()));
        let user = rustix::process::geteuid().as_raw();
        assert_eq!(client::ask(path, &Request::Status).unwrap(), Reply::Refused(format!("user {user} may not")));
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    });
}

#[test]
fn several_questions_over_one_connection() {
    while_serving(|path| {
        let mut stream = BlockingStream::connect(path).unwrap();
        stream.write_all(b"{\"command\":\"people\"}\n{\"command\":\"people\"}\n").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut replies = String::new();
        stream.read_to_string(&mut replies).unwrap();
        assert_eq!(replies, "{\"people\":[]}\n{\"people\":[]}\n");
    });
}

#[test]
fn nonsense_is_refused_and_the_connection_goes_on() {
    while_serving(|path| {
        for nonsense in [
            "{}",
            "hello",
            "{\"command\":\"fly\"}",
            "{\"command\":\"resume\",\"person\":\"Mia\",\"x\":1}",
            "",
            "\u{0}\u{1}",
        ] {
            let mut stream = BlockingStream::connect(path).unwrap();
            stream.write_all(nonsense.as_bytes()).unwrap();
            stream.write_all(b"\n").unwrap();
            assert!(line(&mut stream).contains("the request cannot be read"), "{nonsense}");
            stream.write_all(b"{\"command\":\"people\"}\n").unwrap();
            assert_eq!(line(&mut stream), "{\"people\":[]}\n", "{nonsense}");
        }
    });
}

#[test]
fn a_request_without_end_is_cut_off() {
    while_serving(|path| {
        let mut stream = BlockingStream::connect(path).unwrap();
        stream.write_all(&vec![b' '; REQUEST_BYTES_MAX]).unwrap();
        assert!(line(&mut stream).contains("no end within"));
        assert_eq!(line(&mut stream), "", "the connection was closed");
    });
}

#[test]
fn idle_peers_keep_nobody_out() {
    while_serving(|path| {
        let idle: Vec<_> = (0..CONNECTIONS_MAX - 1).map(|_| BlockingStream::connect(path).unwrap()).collect();
        assert_eq!(client::ask(path, &Request::People).unwrap(), Reply::People(Vec::new()));
        drop(idle);
    });
}

#[test]
fn watchers_leave_room_for_commands() {
    while_serving(|path| {
        let watch = || {
            let mut stream = BlockingStream::connect(path).unwrap();
            stream.write_all(b"{\"command\":\"watch\"}\n").unwrap();
            let first = line(&mut stream);
            (stream, first)
        };
        let watchers: Vec<_> = (0..WATCHERS_MAX).map(|_| watch()).collect();
        assert!(watchers.iter().all(|(_, first)| first.contains("done")));
        assert!(watch().1.contains("others watch already"));
        assert_eq!(client::ask(path, &Request::People).unwrap(), Reply::People(Vec::new()));
        drop(watchers);
        while !watch().1.contains("done") {
            thread::sleep(Duration::from_millis(10));
        }
    });
}

#[test]
fn what_is_left_of_a_killed_agent_is_replaced_and_a_living_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let first = Control::bind(&path, None).unwrap();
    assert_eq!(Control::bind(&path, None).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    drop(first);
    assert!(!path.exists());
    fs::write(&path, "a file of somebody").unwrap();
    assert_eq!(Control::bind(&path, None).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&path).unwrap(), "a file of somebody");
}

#[test]
fn without_an_agent_the_client_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    let error = client::ask(&path, &Request::Status).unwrap_err();
    assert!(matches!(error, client::ClientError::NotRunning(_)), "{error}");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let hanging_up = thread::spawn(move || drop(listener.accept().unwrap()));
    let error = client::ask(&path, &Request::Status).unwrap_err();
    assert!(matches!(error, client::ClientError::Broken(_)), "{error}");
    hanging_up.join().unwrap();
}
