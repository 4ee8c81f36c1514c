-- Removes a note.
delete from windlass.note where job = $1 and step = $2 and run = $3 and name = $4
