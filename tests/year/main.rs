//! proto
#![cfg(feature = "demo")]
#[path = "../in_process/mod.rs"]
mod in_process;
mod clock;
mod life;
mod wire;
mod world;
use std::sync::*;
use std::time::Duration;
use lmsyncd::demo::tenant::*;
use lmsyncd::model::*;
#[test]
fn proto() {
    let began = std::time::Instant::now();
    let day: chrono::NaiveDate = "2026-10-15".parse().unwrap();
    let tenant = Tenant::generated(day, 300, 7);
    tenant.set_base_url("http://127.0.0.1:1");
    eprintln!("tenant {:?} {} contracts", began.elapsed(), tenant.count(Entity::Contracts));
    let clock = Arc::new(clock::ServerClock::at("2026-10-15T12:00:00Z".parse().unwrap()));
    let wire = wire::Wire::new(tenant.clone(), Arc::clone(&clock));
    let ground = world::Ground { folder: tempfile::tempdir_in("/dev/shm").unwrap(), clock, wire: wire.clone(),
      settings: Arc::new(Mutex::new("version = 1\n[autotask]\nusername = \"api@MSP.EXAMPLE\"\nintegration-code = \"x\"\n".to_owned())), upstream: world::Up{tenant: tenant.clone()} };
    let (life, _) = life::Life::begin(&ground);
    let clients: Vec<ClientRef> = tenant.ids(Entity::Companies).into_iter().filter(|id| *id>=1000).map(|id| ClientRef { id: ClientId(id), name: format!("client {id}") }).collect();
    let engine = Arc::clone(&life.engine);
    let t = std::time::Instant::now();
    life.ask(async move { engine.switch(&clients, true, None, &Actor::daemon()).await }).unwrap().unwrap();
    life.settle();
    eprintln!("switch+first {:?} {:?}", t.elapsed(), wire.traffic());
    for _ in 0..6 {
        let t = std::time::Instant::now();
        let r = wire.traffic().total;
        life.pass(Duration::from_secs(86400));
        life.settle();
        eprintln!("night {:?} requests {} seq {}", t.elapsed(), wire.traffic().total - r, life.store.head().seq);
    }
    let t = std::time::Instant::now();
    for _ in 0..100 { life.pass(Duration::from_secs(60)); life.settle(); }
    eprintln!("100 quiet minutes {:?}", t.elapsed());
    let t = std::time::Instant::now();
    life.store.all_contracts().unwrap();
    eprintln!("all contracts {:?}", t.elapsed());
    let t = std::time::Instant::now();
    life.end();
    eprintln!("end {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let (life, _) = life::Life::begin(&ground);
    eprintln!("begin {:?}", t.elapsed());
    life.kill();
}
