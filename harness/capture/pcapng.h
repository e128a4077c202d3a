/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng files (draft-ietf-opsawg-pcapng): a writer for what the bench sees, and a reader for
 * whatever anyone gives us. Times are nanoseconds since 1970 both ways, each packet has a
 * direction, and dropped packets say why in a comment. Wireshark reads what the writer writes.
 */
#ifndef CAPTURE_PCAPNG_H
#define CAPTURE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PCAPNG_LINK_ETHERNET = 1,	/* LINKTYPE_ETHERNET */
	PCAPNG_LINK_RAW_IP = 101,	/* LINKTYPE_RAW */
	PCAPNG_ERR_TEXT = 256,
};

enum pcapng_dir { PCAPNG_DIR_UNKNOWN, PCAPNG_DIR_IN, PCAPNG_DIR_OUT };

struct pcapng_packet {
	uint32_t if_id;
	enum pcapng_dir dir;
	uint64_t time_ns;
	uint32_t caplen;	/* bytes in data */
	uint32_t len;		/* bytes the frame had */
	const uint8_t *data;
	const char *comment;	/* UTF-8, or NULL */
};

/* Writer. Calls are safe from several threads at once; each packet is written whole. */
struct pcapng_writer;

/* Creates or empties the file. NULL with a sentence in err. */
struct pcapng_writer *pcapng_writer_open(const char *path, char *err, size_t err_size);

/* Adds an interface; packets name it by the number put in *id. 0 or -errno. */
__attribute__((warn_unused_result))
int pcapng_writer_add_if(struct pcapng_writer *w, const char *name, uint16_t linktype,
			 uint32_t *id);

/* -EINVAL for an interface not added; else 0 or the -errno of the first write that failed. */
int pcapng_writer_packet(struct pcapng_writer *w, const struct pcapng_packet *pkt);

/* Says what an interface received and what the kernel dropped of it (interface statistics). */
int pcapng_writer_stats(struct pcapng_writer *w, uint32_t if_id, uint64_t time_ns,
			uint64_t received, uint64_t dropped);

/* Hand what is buffered to the file. 0 or the -errno of the first write that failed. */
int pcapng_writer_flush(struct pcapng_writer *w);

/* Flush and close. 0 or the -errno of the first write that failed: a full disk is not silent. */
int pcapng_writer_close(struct pcapng_writer *w);

/* Reader: pcapng of either byte order, several sections, any time resolution, and classic pcap. */
struct pcapng_reader;

struct pcapng_if {
	const char *name;	/* "" if the file gives none */
	uint16_t linktype;
	uint32_t snaplen;	/* 0: no limit */
};

/* NULL with a sentence in err: no such file, or not a capture. */
struct pcapng_reader *pcapng_reader_open(const char *path, char *err, size_t err_size);

/* The same over bytes the caller keeps until pcapng_reader_free; name is for messages. */
struct pcapng_reader *pcapng_reader_mem(const void *bytes, size_t size, const char *name,
					char *err, size_t err_size);

/*
 * 1 with the next packet in *pkt (if_id counts interfaces over the whole file; data and comment
 * are good until the next call), 0 at the end, or -EBADMSG with a sentence in err that names the
 * byte where the file stops making sense. After an error every further call gives it again.
 */
int pcapng_reader_next(struct pcapng_reader *r, struct pcapng_packet *pkt, char *err,
		       size_t err_size);

/* The interface a packet named, or NULL. Good until the next packet is read. */
const struct pcapng_if *pcapng_reader_if(const struct pcapng_reader *r, uint32_t if_id);

void pcapng_reader_free(struct pcapng_reader *r);

#endif
