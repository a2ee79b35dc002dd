/*
 * temporary.h: a file that is written under another name beside its place, and renamed when it is
 * whole. The name holds the machine's and the process's, so that several may write at one place.
 */
#ifndef BC_BASE_TEMPORARY_H
#define BC_BASE_TEMPORARY_H

/*
 * Creates PATH.HOST-PROCESS.part, which was not there before; where the file system takes no name
 * of that length, PATH's part of it is cut. Returns a descriptor to write with and the name, which
 * is the caller's to free, or -1 and NULL, with errno set.
 */
int bc_temporary_create(char **name, const char *path);

#endif
