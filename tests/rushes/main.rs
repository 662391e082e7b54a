//! The program from outside: the built binary on real folders, files, sockets and signals, offline,
//! against the sandbox that it carries.

mod capacity;
mod clips;
mod consent;
mod corpus;
mod damage;
mod delivery;
mod disk;
mod doctor;
mod doubt;
mod drafts;
mod driving;
mod dry_run;
mod examples;
mod further;
mod hostile;
mod hostile_text;
mod house;
mod interrupted;
mod keys;
mod killed;
#[expect(dead_code, reason = "the bench counts what is carried")]
mod link;
mod money;
mod network;
mod odd_bytes;
mod output;
mod pages;
mod playing;
mod polling;
mod private;
mod profiles;
mod providers;
mod repair;
mod repeated_key;
mod rows;
mod rules;
mod sandbox_port;
mod sdk;
mod serve;
mod ssh;
mod sshd;
mod stopped;
mod support;
#[expect(dead_code, reason = "the tests of the studio use all of it")]
#[path = "../studio/kit.rs"]
mod terminal;
mod together;
mod troubles;
#[expect(dead_code, reason = "the bench looks at each frame")]
mod viewer;
mod wire;
mod witness;
mod wrong_input;
