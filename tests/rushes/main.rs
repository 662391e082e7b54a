//! The program from outside: the built binary on real folders, files, sockets and signals, offline,
//! against the sandbox that it carries.

mod damage;
mod disk;
mod drafts;
mod dry_run;
mod examples;
mod further;
mod hostile;
mod house;
mod interrupted;
mod keys;
mod output;
mod providers;
mod repair;
mod sdk;
mod support;
mod together;
mod troubles;
mod wrong_input;
