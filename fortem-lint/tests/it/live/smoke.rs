use crate::double::{FLEET, SINGLE, MANAGEMENT};

#[test]
fn smoke() {
    let t = std::time::Instant::now();
    println!("{} {:?}", SINGLE.manifest.planted.len(), t.elapsed());
    let proxy = SINGLE.proxy(&["--cache"]);
    proxy.faults(&serde_json::json!([{"fault": "throttle"}]));
    println!("{:?} {:?} {}", proxy.stats(), t.elapsed(), MANAGEMENT);
    println!("{} {:?}", FLEET.manifest.planted.len(), t.elapsed());
    println!("{}", SINGLE.whole().names().len());
}
