//! A disk that can be full, and on which a name and what lies under it are two things: two transfers that
//! open one `.part` write into the same content, as on a real one.

use std::collections::BTreeMap;
use std::io;

/// The files of one data folder.
#[derive(Default)]
pub struct Disk {
    names: BTreeMap<String, usize>,
    contents: Vec<Vec<u8>>,
    /// Nothing can be written for now.
    pub full: bool,
}

impl Disk {
    /// Opens `name` empty, as a file that is truncated when it is there already.
    pub fn create(&mut self, name: &str) -> io::Result<usize> {
        self.room()?;
        let new = self.contents.len();
        let file = *self.names.entry(name.to_owned()).or_insert(new);
        if file == new {
            self.contents.push(Vec::new());
        }
        self.contents[file].clear();
        Ok(file)
    }

    /// Writes `bytes` into an open file from `offset` on.
    pub fn write(&mut self, file: usize, offset: usize, bytes: &[u8]) -> io::Result<()> {
        self.room()?;
        let content = &mut self.contents[file];
        if content.len() < offset + bytes.len() {
            content.resize(offset + bytes.len(), 0);
        }
        content[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    /// Gives a file another name, in the place of whatever had it.
    pub fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let file = self.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        self.names.insert(to.to_owned(), file);
        Ok(())
    }

    /// What lies under a name.
    pub fn read(&self, name: &str) -> Option<&[u8]> {
        self.names.get(name).map(|file| self.contents[*file].as_slice())
    }

    fn room(&self) -> io::Result<()> {
        if self.full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}
