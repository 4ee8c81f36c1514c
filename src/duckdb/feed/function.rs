//! The table function through which DuckDB asks for rows.
//!
//! A function of DuckDB's takes values, not objects of ours; so a feed gets a number, stands in a list under it while its
//! statement runs, and the function looks there.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock};

use duckdb::Connection;
use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId};
use duckdb::vtab::{BindInfo, InitInfo, TableFunctionInfo, VTab};

use super::Feeder;
use super::chunk::FeedChunk;
use super::kind::FeedType;
use crate::duckdb::registry::lock;

/// The function's name.
const NAME: &str = "windlass_feed";

/// Feeds that wait for their statement to begin.
static OFFERED: Mutex<BTreeMap<i64, Offer>> = Mutex::new(BTreeMap::new());

/// The next number.
static NEXT: AtomicI64 = AtomicI64::new(1);

struct Offer {
    types: Vec<FeedType>,
    feeder: Box<dyn Feeder>,
}

/// A feed that a statement can ask for. It is withdrawn when this is dropped.
pub(super) struct Feed(i64);

impl Feed {
    /// Puts a feeder on the list.
    pub(super) fn offer(types: Vec<FeedType>, feeder: Box<dyn Feeder>) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        lock(&OFFERED).insert(number, Offer { types, feeder });
        Self(number)
    }

    /// What a statement writes to get the rows.
    pub(super) fn call(&self) -> String {
        format!("{NAME}({})", self.0)
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        lock(&OFFERED).remove(&self.0);
    }
}

/// Makes the function known to an instance.
pub(in crate::duckdb) fn register(connection: &Connection) -> duckdb::Result<()> {
    connection.register_table_function::<Function>(NAME)
}

struct Function;

/// A statement that is fed.
struct Running {
    types: Vec<FeedType>,
    feeder: Mutex<Box<dyn Feeder>>,
}

impl VTab for Function {
    type BindData = i64;
    type InitData = OnceLock<Running>;

    fn parameters() -> Option<Vec<LogicalTypeHandle>> {
        Some(vec![LogicalTypeHandle::from(LogicalTypeId::Bigint)])
    }

    fn bind(bind: &BindInfo) -> Result<i64, Box<dyn Error>> {
        let number = bind.get_parameter(0).to_int64();
        let offered = lock(&OFFERED);
        let offer = offered.get(&number).ok_or("nobody offers these rows")?;
        for (at, kind) in offer.types.iter().enumerate() {
            bind.add_result_column(&format!("c{at}"), kind.logical());
        }
        Ok(number)
    }

    fn init(init: &InitInfo) -> Result<OnceLock<Running>, Box<dyn Error>> {
        // Rows come in the order in which they are given: one thread asks for them.
        init.set_max_threads(1);
        Ok(OnceLock::new())
    }

    fn func(info: &TableFunctionInfo<Self>, output: &mut DataChunkHandle) -> Result<(), Box<dyn Error>> {
        let running = if let Some(running) = info.get_init_data().get() {
            running
        } else {
            let offer = lock(&OFFERED).remove(info.get_bind_data()).ok_or("these rows were given already")?;
            let running = Running { types: offer.types, feeder: Mutex::new(offer.feeder) };
            info.get_init_data().get_or_init(|| running)
        };
        let mut chunk = FeedChunk::of(output, &running.types);
        let rows = lock(&running.feeder).fill(&mut chunk)?;
        drop(chunk);
        output.set_len(rows.min(FeedChunk::ROWS));
        Ok(())
    }
}
