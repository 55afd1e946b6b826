//! proto
#![cfg(feature = "demo")]
#[path = "../in_process/mod.rs"]
mod in_process;
mod clock;
mod edits;
mod expected;
mod faults;
mod invariants;
mod life;
mod operator;
mod settings;
mod trace;
mod upstream;
mod wire;
mod world;
use world::*;
#[test]
fn proto() {
    let get = |name: &str, or: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(or);
    let began = std::time::Instant::now();
    let scale = Scale { clients: get("C", 30) as usize, days: get("D", 30) as u32 };
    let mut world = World::begin(get("S", 1), scale).unwrap();
    eprintln!("began {:?}", began.elapsed());
    world.trace.aloud = get("V", 0) == 1;
    let ended = world.live(scale.days).and_then(|()| world.end());
    eprintln!("{:?} {:?} {:?} {:?} lines {} hash {:x} {:?}", world.counts, world.watch.judged, world.ground.wire.traffic(), (world.desk.refused, world.desk.acknowledged), world.trace.lines(), world.trace.hash(), began.elapsed());
    if let (Err(_), Ok(id)) = (&ended, std::env::var("LOOK")) {
        let id: i64 = id.parse().unwrap();
        let life = world.life.as_ref().unwrap();
        for item in life.engine.last_look(lmsyncd::model::ClientId(id)).unwrap().items { eprintln!("{item:#?}"); eprintln!("{:?}", world.ground.upstream.additions.get(&item.key)); }
    }
    if let Err(broken) = ended { panic!("{}\n{broken}", world.trace.tail()); }
}
