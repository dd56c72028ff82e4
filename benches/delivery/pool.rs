//! lettre's pooled transport: what Rust programs usually send with.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lettre::address::Envelope;
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::runtime;

/// How long lettre takes to hand over the same ready message so often.
pub fn send(to: SocketAddr, connections: usize, messages: usize, message: &[u8]) -> Duration {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let pool = PoolConfig::new().max_size(u32::try_from(connections).expect("few connections"));
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(to.ip().to_string())
            .port(to.port())
            .pool_config(pool)
            .build();
        let (message, next) = (Arc::<[u8]>::from(message), Arc::new(AtomicUsize::new(0)));
        let begun = Instant::now();
        let tasks: Vec<_> = (0..connections)
            .map(|_| {
                let (transport, message, next) = (transport.clone(), Arc::clone(&message), Arc::clone(&next));
                tokio::spawn(async move {
                    while next.fetch_add(1, Ordering::Relaxed) < messages {
                        transport.send_raw(&envelope(), &message).await.expect("the sink takes everything");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("the task ends");
        }
        begun.elapsed()
    })
}

fn envelope() -> Envelope {
    let address = |text: &str| text.parse().expect("an address");
    Envelope::new(Some(address("letters@example.com")), vec![address("reader@example.com")]).expect("an envelope")
}
