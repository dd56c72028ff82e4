//! A server far away: whatever goes through here arrives later, in order, however much it is. It also counts round trips.
//!
//! Bandwidth has no bound, and TCP's own handshake and slow start cost nothing, so what is measured is the dialogue alone:
//! how often one side waits for the other.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

/// A proxy before a server; it takes no more connections once dropped.
pub struct Distant {
    address: SocketAddr,
    way: Arc<Way>,
}

/// What all connections share.
struct Way {
    server: SocketAddr,
    delay: Duration,
    round_trips: AtomicUsize,
    stopped: AtomicBool,
}

impl Distant {
    /// Listens on a free port of the loopback interface. What comes is sent on to `server`, each octet `one_way` later.
    pub fn new(server: SocketAddr, one_way: Duration) -> io::Result<Distant> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let way =
            Arc::new(Way { server, delay: one_way, round_trips: AtomicUsize::new(0), stopped: AtomicBool::new(false) });
        let shared = Arc::clone(&way);
        spawn(move || {
            for client in listener.incoming().filter_map(Result::ok) {
                if shared.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let way = Arc::clone(&shared);
                spawn(move || way.join(client));
            }
        });
        Ok(Distant { address, way })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many round trips the connections needed so far, summed: the longest chain of question and answer in which each
    /// was sent after the one before had arrived. Answers that overlap, because more was sent meanwhile, count once.
    pub fn round_trips(&self) -> usize {
        self.way.round_trips.load(Ordering::SeqCst)
    }
}

impl Drop for Distant {
    fn drop(&mut self) {
        self.way.stopped.store(true, Ordering::SeqCst);
        // The listener wakes for a last connection, finds the flag, and is closed.
        let _ = TcpStream::connect(self.address);
    }
}

/// How long the chain is of which the latest octets are the end, as each side has seen it.
#[derive(Default)]
struct Chain {
    at_client: AtomicUsize,
    at_server: AtomicUsize,
}

#[derive(Clone, Copy)]
enum Direction {
    ToServer,
    ToClient,
}

impl Way {
    /// Joins a client to the server, which hears of it later too.
    fn join(&self, client: TcpStream) {
        sleep(self.delay);
        let Ok(server) = TcpStream::connect(self.server) else { return };
        let (Ok(to_server), Ok(to_client)) = (server.try_clone(), client.try_clone()) else { return };
        let _ = (server.set_nodelay(true), client.set_nodelay(true));
        let chain = Chain::default();
        std::thread::scope(|scope| {
            scope.spawn(|| self.carry(client, to_server, Direction::ToServer, &chain));
            self.carry(server, to_client, Direction::ToClient, &chain);
        });
    }

    /// Carries octets one way until there are no more.
    fn carry(&self, mut from: TcpStream, to: TcpStream, direction: Direction, chain: &Chain) {
        let (late, arriving) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(move || arrive(&arriving, to, direction, chain));
            let mut buffer = vec![0; 1 << 18];
            let mut longest = 0;
            // What is torn arrives as an end: nothing more can come.
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                let place = match direction {
                    Direction::ToServer => chain.at_client.load(Ordering::SeqCst) + 1,
                    Direction::ToClient => chain.at_server.load(Ordering::SeqCst),
                };
                if matches!(direction, Direction::ToServer) && place > longest {
                    self.round_trips.fetch_add(place - longest, Ordering::SeqCst);
                    longest = place;
                }
                let chunk = Chunk { due: Instant::now() + self.delay, place, octets: buffer[..count].to_vec() };
                if late.send(chunk).is_err() {
                    break;
                }
            }
            // To let go of the channel ends the other thread, after all that is on its way.
            drop(late);
        });
    }
}

/// Octets on their way.
struct Chunk {
    due: Instant,
    /// Their place in the chain.
    place: usize,
    octets: Vec<u8>,
}

fn arrive(arriving: &mpsc::Receiver<Chunk>, mut to: TcpStream, direction: Direction, chain: &Chain) {
    for chunk in arriving {
        sleep(chunk.due.saturating_duration_since(Instant::now()));
        let seen = match direction {
            Direction::ToServer => &chain.at_server,
            Direction::ToClient => &chain.at_client,
        };
        seen.fetch_max(chunk.place, Ordering::SeqCst);
        if to.write_all(&chunk.octets).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
