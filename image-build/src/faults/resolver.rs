//! What becomes of questions when the agent that answers them is gone.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::Stage;
use crate::interrupt;
use crate::lab::ask::{Asker, Reply};
use crate::lab::client::Ip;
use crate::lab::home::Who;
use crate::lab::survey::Server;
use crate::lab::world::{self, ORDINARY_NAME};
use crate::process::succeed;

/// The longest that open profiles' questions go to a dead agent: the redirection expires after half a minute.
const EXPIRY_LIMIT: Duration = Duration::from_secs(60);

/// Who answered a question to a foreign server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answerer {
    /// The agent.
    Agent,
    /// The foreign server.
    Foreign,
    /// Nobody.
    Nobody,
}

/// The agent is killed, comes back, and is stopped: what it redirected must be safe, and then be gone.
pub(super) fn killed_and_stopped(stage: &mut Stage<'_>) -> Result<()> {
    let _world = stage.set_up_resolver("", "")?;
    // Over UDP, and over TCP.
    let expect = |stage: &Stage<'_>, who, expected: [Answerer; 2], when: &str| -> Result<()> {
        for (asker, expected) in [Asker::Dig, Asker::DigTcp].into_iter().zip(expected) {
            for ip in Ip::ALL {
                let answered = ask(stage, asker, who, ip)?;
                let (who, how, ip) = (who.title(), asker.title(), ip.title());
                ensure!(answered == expected, "{when}, {who} is answered by {answered:?} ({how}, {ip})");
            }
        }
        Ok(())
    };
    let by = |answerer| [answerer; 2];
    let children = [Who::Mia, Who::Jonas];
    for who in children {
        expect(stage, who, by(Answerer::Agent), "with an agent")?;
    }
    stage.gate.kill()?;
    // Mia's profile refuses what cannot be judged, Jonas's does not.
    expect(stage, Who::Mia, by(Answerer::Nobody), "right after a crash")?;
    interrupt::wait_until("the end of the redirection for open profiles", EXPIRY_LIMIT, || {
        let ask = |ip| ask(stage, Asker::Dig, Who::Jonas, ip);
        let answers: Vec<Answerer> = Ip::ALL.into_iter().map(ask).collect::<Result<_>>()?;
        Ok(answers.iter().all(|answered| *answered == Answerer::Foreign))
    })?;
    expect(stage, Who::Mia, by(Answerer::Nobody), "long after a crash")?;
    stage.gate.start(stage.lab.home.gate_host())?;
    stage.gate.wait_ready(stage.lab)?;
    world::wait_answering(stage.lab)?;
    for who in children {
        expect(stage, who, by(Answerer::Agent), "with an agent again")?;
    }
    stage.gate.stop();
    // In what is asked over TCP the gate cannot read a name.
    expect(stage, Who::Mia, [Answerer::Foreign, Answerer::Nobody], "after a clean stop")?;
    expect(stage, Who::Jonas, by(Answerer::Foreign), "after a clean stop")?;
    let tables = succeed(stage.lab.home.router.command("nft").args(["list", "tables"]))?;
    ensure!(!tables.contains("stairgate"), "a clean stop leaves a table behind: {tables}");
    Ok(())
}

fn ask(stage: &Stage<'_>, asker: Asker, who: Who, ip: Ip) -> Result<Answerer> {
    let reply = asker.ask(stage.lab.home.of(who), Server::Foreign.address(ip), ORDINARY_NAME, "A")?;
    let own = world::addresses(ORDINARY_NAME).map(|(v4, _)| IpAddr::V4(v4).to_string());
    let is_own = |reply: &Reply| reply.data("A").map(str::to_owned).next() == own;
    Ok(match reply {
        Some(reply) if is_own(&reply) => Answerer::Agent,
        Some(reply) if reply.status == "NXDOMAIN" => Answerer::Foreign,
        Some(reply) => anyhow::bail!("{} got an answer that nobody should give: {reply}", who.title()),
        None => Answerer::Nobody,
    })
}
