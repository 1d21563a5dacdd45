//! pjrt-rs as a peer: see adapter.py for the protocol.
use std::io::{BufRead, Write};
use std::sync::OnceLock;
use std::time::Instant;

use libloading::{Library, Symbol};
use pjrt::{
    Api, Buffer, Client, Event, ExecuteOptions, ExecutionInputs, HostBuffer, LoadedExecutable,
    Program, ProgramFormat,
};
use pjrt_sys::{PJRT_Api, PJRT_Client_Create_Args, PJRT_Error, PJRT_LoadedExecutable_Execute_Args};

const IN_FLIGHT: usize = 8;

/// Arguments that an execution does not take away.
struct Kept<'a>(&'a Vec<Buffer>);

impl ExecutionInputs for Kept<'_> {
    fn buffer_ptrs(&self) -> Vec<Vec<*mut pjrt_sys::PJRT_Buffer>> {
        self.0.buffer_ptrs()
    }
}

struct Peer {
    client: Client,
    programs: String,
}

type Operation = Box<dyn FnMut()>;

impl Peer {
    fn compile(&self, args: usize, outs: usize, elements: usize) -> LoadedExecutable {
        let path = format!("{}/{args}x{outs}x{elements}.mlir", self.programs);
        let text = std::fs::read_to_string(path).expect("a program");
        let program = Program::new(ProgramFormat::MLIR, text);
        LoadedExecutable::builder(&self.client, &program)
            .build()
            .expect("compiled")
    }

    fn upload(&self, values: &HostBuffer) -> Buffer {
        values.copy_to_sync(&self.client).expect("uploaded")
    }

    fn args(&self, num: usize) -> Vec<Buffer> {
        (0..num)
            .map(|i| self.upload(&HostBuffer::scalar(i as f32 + 1.0)))
            .collect()
    }

    fn execute(&self, num_args: usize, num_outs: usize) -> Operation {
        let run = self.compile(num_args, num_outs, 1);
        let args = self.args(num_args);
        let options = ExecuteOptions::new();
        Box::new(move || {
            run.execute_sync(Kept(&args), &options).expect("executed");
        })
    }

    fn launch(&self) -> impl Fn() -> (Vec<Event>, Vec<Vec<Buffer>>) {
        let run = self.compile(2, 1, 1);
        let args = self.args(2);
        let options = ExecuteOptions::new();
        move || run.call_execute(Kept(&args), &options).expect("launched")
    }

    fn not_waited_for(&self) -> Operation {
        let launch = self.launch();
        Box::new(move || {
            launch();
        })
    }

    fn in_flight(&self) -> Operation {
        let launch = self.launch();
        Box::new(move || {
            let all: Vec<_> = (0..IN_FLIGHT).map(|_| launch()).collect();
            for (events, _outputs) in all {
                for event in events {
                    event.wait().expect("done");
                }
            }
        })
    }

    fn round_trip(&self) -> Operation {
        let run = self.compile(1, 1, 1);
        let client = self.client.clone();
        let options = ExecuteOptions::new();
        let mut value = 0f32;
        Box::new(move || {
            value += 1.0;
            let up = HostBuffer::scalar(value)
                .copy_to_sync(&client)
                .expect("uploaded");
            let outs = run.execute_sync(up, &options).expect("executed");
            let result = outs[0][0].copy_to_host_sync().expect("downloaded");
            let HostBuffer::F32(result) = result else {
                panic!("another type")
            };
            assert_eq!(result.data()[0], 2.0 * value);
        })
    }

    fn vector(elements: usize) -> HostBuffer {
        HostBuffer::builder()
            .data(vec![0f32; elements])
            .dims([elements as i64])
            .build()
            .into()
    }

    fn up(&self, elements: usize) -> Operation {
        let values = Self::vector(elements);
        let client = self.client.clone();
        Box::new(move || {
            values.copy_to_sync(&client).expect("uploaded");
        })
    }

    fn down(&self, elements: usize) -> Operation {
        let buffer = self.upload(&Self::vector(elements));
        Box::new(move || {
            buffer.copy_to_host_sync().expect("downloaded");
        })
    }

    fn open(&self, row: &str) -> Option<Operation> {
        Some(match row {
            "execute: await" => self.execute(2, 1),
            "execute: not waited for" => self.not_waited_for(),
            "execute: 8 in flight" => self.in_flight(),
            "execute: 100 inputs, 100 outputs" => self.execute(100, 100),
            "round trip: 4 B" => self.round_trip(),
            "upload: 4 KB" => self.up(1 << 10),
            "upload: 1 MB" => self.up(256 << 10),
            "upload: 64 MB" => self.up(16 << 20),
            "download: 4 KB" => self.down(1 << 10),
            "download: 1 MB" => self.down(256 << 10),
            "download: 64 MB" => self.down(16 << 20),
            _ => return None,
        })
    }
}

type GetPjrtApi = unsafe extern "C" fn() -> *const PJRT_Api;

static TABLE: OnceLock<Table> = OnceLock::new();

/// The plugin's own functions.
struct Table(PJRT_Api);

unsafe impl Sync for Table {}
unsafe impl Send for Table {}

/// A struct with room for what later versions of PJRT added. 0.2.0 declares
/// sizes that newer plugins refuse, for these two alone.
#[repr(C)]
struct Newer<T> {
    known: T,
    added: [usize; 8],
}

impl<T: Copy> Newer<T> {
    unsafe fn of(older: *const T) -> Self {
        Newer {
            known: *older,
            added: [0; 8],
        }
    }
}

unsafe extern "C" fn create_client(args: *mut PJRT_Client_Create_Args) -> *mut PJRT_Error {
    let mut newer = Newer::of(args);
    newer.known.struct_size = std::mem::size_of_val(&newer);
    let create = TABLE.get().unwrap().0.PJRT_Client_Create.unwrap();
    let error = create(&mut newer.known);
    (*args).client = newer.known.client;
    error
}

unsafe extern "C" fn execute(args: *mut PJRT_LoadedExecutable_Execute_Args) -> *mut PJRT_Error {
    let mut options = Newer::of((*args).options);
    options.known.struct_size = std::mem::size_of_val(&options);
    (*args).options = &mut options.known;
    let execute = TABLE
        .get()
        .unwrap()
        .0
        .PJRT_LoadedExecutable_Execute
        .unwrap();
    execute(args)
}

fn load(path: &str) -> Api {
    unsafe {
        let library = Library::new(path).expect("a plugin");
        let get: Symbol<GetPjrtApi> = library.get(b"GetPjrtApi").expect("GetPjrtApi");
        let mut table = *get();
        TABLE.get_or_init(|| Table(table));
        table.PJRT_Client_Create = Some(create_client);
        table.PJRT_LoadedExecutable_Execute = Some(execute);
        std::mem::forget(library);
        Api::wrap(&table)
    }
}

/// Opened at the first request, which is where a start ends.
fn open_peer(plugin: &str, programs: &str) -> Peer {
    let api = load(plugin);
    Peer {
        client: Client::builder(&api).build().expect("a client"),
        programs: programs.to_string(),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let mut peer = None;
    let mut opened: Option<(String, Operation)> = None;
    println!("ready 0.2.0");
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let (row, times) = line.split_once('\t').expect("a row and a number");
        let times: usize = times.parse().expect("a number");
        let peer = peer.get_or_insert_with(|| open_peer(&arguments[1], &arguments[2]));
        if opened.as_ref().is_none_or(|(name, _)| name != row) {
            drop(opened.take());
            opened = peer.open(row).map(|operation| (row.to_string(), operation));
        }
        match &mut opened {
            None => println!("absent has no such call"),
            Some((_, operation)) => {
                let start = Instant::now();
                for _ in 0..times {
                    operation();
                }
                println!("{}", start.elapsed().as_nanos());
            }
        }
        std::io::stdout().flush().expect("stdout");
    }
}
