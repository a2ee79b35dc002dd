/*
 * queue.h: a bounded first-in first-out queue of pointers between threads, closable from either
 * end. Any number of senders and receivers.
 *
 * Two ways of being full: `bc_queue_send` waits for room (files: nothing is lost);
 * `bc_queue_send_newest` drops the oldest item to make room (live: the newest wins). Whoever
 * sends owns the item until the call returns BC_OK; whoever receives owns it from then on. Items
 * left in a queue that is closed are freed by the function given when it was opened.
 */
#ifndef BC_BASE_QUEUE_H
#define BC_BASE_QUEUE_H

#include "brushcast.h"

typedef struct bc_queue bc_queue;
typedef void bc_queue_free_fn(void *item);

bc_status bc_queue_open(bc_queue **queue, int depth, bc_queue_free_fn *free_item);
/* No thread may be inside another call on the queue. */
void bc_queue_close(bc_queue **queue);

/* BC_OK, or BC_END once the receiver has finished; then the item stays with the caller. */
bc_status bc_queue_send(bc_queue *queue, void *item);
/* As bc_queue_send, never waiting; the number of items dropped is added to *n_dropped. */
bc_status bc_queue_send_newest(bc_queue *queue, void *item, uint64_t *n_dropped);
/* The sender will send no more: receivers get what is left, then BC_END. */
void bc_queue_finish_sending(bc_queue *queue);

/* BC_OK and an item, waiting for one; BC_END when no more will come. */
bc_status bc_queue_receive(bc_queue *queue, void **item);
/* As bc_queue_receive, but BC_OK and NULL when nothing came within timeout_ns (negative: forever).
 */
bc_status bc_queue_receive_within(bc_queue *queue, void **item, int64_t timeout_ns);
/* Another item would have to wait, or would drop one. */
bool bc_queue_is_full(bc_queue *queue);
/* The receiver wants no more: what is queued is freed, and senders get BC_END. */
void bc_queue_finish_receiving(bc_queue *queue);

#endif
