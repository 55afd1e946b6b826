//! Records read back, anything wrong with one shows, and the bytes of version 1 stay what they are.

use proptest::prelude::*;

use super::super::convert;
use super::super::v1::{ClientStateV1, ContractV1, MetaV1, MetaV2, PlaceV1, RunEntryV1};
use super::*;
use crate::model::{ClientState, Code, LastError};
use crate::store::testing::{self, at, client_ref, contract};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn client() -> ClientStateV1 {
    let mut state = ClientState::new(client_ref(0));
    state.auto_sync = true;
    state.at = chrono::NaiveTime::from_hms_opt(2, 30, 0);
    state.last_tried = Some(at(7));
    state.failures = 300;
    state.last_error =
        Some(LastError { code: Code::Unreachable, message: "no route to host".to_owned() });
    convert::client_v1(&state)
}

fn place() -> PlaceV1 {
    PlaceV1 { segment: 1, offset: 70_000, length: 378, crc: 0xdead_beef }
}

fn run() -> RunEntryV1 {
    let run = convert::run_v1(&testing::run(5), 41);
    RunEntryV1 { run, seq: 99, place: Some(place()) }
}

fn meta() -> MetaV1 {
    MetaV1 {
        store: "00112233445566778899aabbccddeeff".to_owned(),
        seq: 12,
        sum: "ba7816bf8f01cfea414140de5dae2223".to_owned(),
        last_run: 3,
        records: 40,
        digest: "000000000000000000000000000000ff".to_owned(),
    }
}

fn meta_2() -> MetaV2 {
    MetaV2 { begins: 4, ..MetaV2::from(meta()) }
}

fn golden<T: Stored + PartialEq + std::fmt::Debug>(value: &T, bytes: &str) {
    let record = encode(value).expect("encoded");
    assert_eq!(hex(&record), bytes);
    assert_eq!(&decode::<T>(&record).expect("decoded"), value);
}

/// The bytes of every kind of record, version 1. They may never change: indexes full of them exist.
/// A change of a struct takes a version 2 and keeps these.
#[test]
fn golden_records() {
    let contract = convert::contract_v1(&contract("S55102", 5, "pay by card"));
    golden(
        &contract,
        "4c5301010100000093e2661a71065335353130320a01024131086175746f7461736b020c62696c6c696e675f636f7374063438322e3630046e616d650e4361726520262046656564696e670001056e6f7465730b706179206279206361726414323032372d30312d31355430383a30303a30305a0114323032372d30312d31355430383a30303a30315a14323032372d30312d31355430383a30303a30315a00",
    );
    golden(
        &client(),
        "4c53010201000000507e8d34a30008436c69656e74203001010830323a33303a30300114323032372d30312d31355430383a30303a30375a00000000fb2c01010b556e726561636861626c65106e6f20726f75746520746f20686f7374",
    );
    golden(
        &run(),
        "4c5301030100000087f1d33e09290a08436c69656e742035066d616e75616c01fbe803036b696d010714323032372d30312d31355430383a30303a31305a14323032372d30312d31355430383a30303a31315a077061727469616c00010000010300010253390102413109756e697450726963650f6974206973206e6f206e756d626572630101fc70110100fb7a01fcefbeadde",
    );
    golden(&place(), "4c530104010000000ee8ac4db101fc70110100fb7a01fcefbeadde");
    golden(
        &meta(),
        "4c53010501000000662eaebe9e2030303131323233333434353536363737383839396161626263636464656566660c2062613738313662663866303163666561343134313430646535646165323232330328203030303030303030303030303030303030303030303030303030303030306666",
    );
    golden(
        &meta_2(),
        "4c53010502000000675fe6bc0d2030303131323233333434353536363737383839396161626263636464656566660c206261373831366266386630316366656134313431343064653564616532323233032820303030303030303030303030303030303030303030303030303030303030666604",
    );
    golden(
        &convert::flags_v1(&testing::flags("S9", 5, "too dear")),
        "4c530109010000007f1ce740b00253390a01010a323032362d31322d33310108746f6f2064656172036b696d14323032372d30312d31355430383a30303a30325a01fb2c01036b696d14323032372d30312d31355430383a30303a30335a01097374617274446174650d6974206973206e6f206461746514323032372d30312d31355430383a30303a30345a",
    );
    golden(
        &convert::held_v1(&testing::held(5, 12, "3 of 9 are gone")),
        "4c53010a01000000b3932928db010a0c14323032372d30312d31355430383a30303a30355a02024131000876616e6973686564010876616e6973686564000114323032372d30312d31355430383a30303a30345a010f33206f6620392061726520676f6e6502533901024131076368616e676564010c62696c6c696e675f636f737401063438322e36300107343832362e30300001036b696d14323032372d30312d31355430383a30303a30365a010f33206f6620392061726520676f6e6500",
    );
    golden(
        &convert::pause_v1(&testing::pause(None, 300)),
        "4c53010a010000003383ceb9bd0001000114323032372d30312d31355430383a30353a30305a036b696d14323032372d30312d31355430383a30303a30375a00",
    );
    golden(&-1_i64, "4c530106010000000126e9153d01");
    golden(&(), "4c530107010000000083140224");
}

/// An index of version 1 lacks places, so it says that its places lead nowhere.
#[test]
fn meta_1_becomes_meta_2() {
    let MetaV2 { store, seq, sum, last_run, records, digest, begins } = MetaV2::from(meta());
    assert_eq!(MetaV1 { store, seq, sum, last_run, records, digest }, meta());
    assert_eq!(begins, 0);
}

#[test]
fn every_flipped_bit_and_every_cut_shows() {
    let record = encode(&run()).expect("encoded");
    for bit in 0..record.len() * 8 {
        let mut altered = record.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(decode::<RunEntryV1>(&altered).is_err(), "bit {bit}");
    }
    for length in 0..record.len() {
        assert!(decode::<RunEntryV1>(&record[..length]).is_err(), "{length} bytes");
    }
    let longer = [&record[..], b"\0"].concat();
    assert!(decode::<RunEntryV1>(&longer).is_err());
}

#[test]
fn another_kind_or_a_newer_version_is_refused_by_name() {
    let error = decode::<ContractV1>(&encode(&place()).expect("encoded")).expect_err("another");
    assert_eq!(error.to_string(), "index: a record has schema 0x0401, 0x0101 belongs there");
    let newer = wrap(Schema(0x0102), b"what a later program writes");
    let error = decode::<ContractV1>(&newer).expect_err("newer");
    assert_eq!(error.to_string(), "index: a record has schema 0x0102, 0x0101 belongs there");
}

proptest! {
    #[test]
    fn places_and_texts_read_back(
        segment: u64, offset: u64, length: u64, crc: u32, store in ".{0,40}",
    ) {
        let place = PlaceV1 { segment, offset, length, crc };
        prop_assert_eq!(decode::<PlaceV1>(&encode(&place).expect("encoded")).expect("decoded"), place);
        let meta = MetaV1 { store, seq: segment, records: offset, ..meta() };
        prop_assert_eq!(decode::<MetaV1>(&encode(&meta).expect("encoded")).expect("decoded"), meta);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode::<ContractV1>(&bytes);
        // Behind a right checksum too: bincode must refuse what it cannot be.
        let _ = decode::<ContractV1>(&wrap(ContractV1::SCHEMA, &bytes));
    }
}
