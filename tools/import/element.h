/* element.h: the types of numbers in other projects' tensors. */
#ifndef BC_IMPORT_ELEMENT_H
#define BC_IMPORT_ELEMENT_H

#include <stdint.h>

typedef enum bc_element {
    BC_ELEMENT_FLOAT,
    BC_ELEMENT_HALF,
    BC_ELEMENT_DOUBLE,
    BC_ELEMENT_INT,
    BC_ELEMENT_LONG /* an integer of 64 bits, of which a double holds 53 */
} bc_element;

int bc_element_size(bc_element element); /* bytes */
/* Of its bits, the lowest first; higher ones than its own are not looked at. */
double bc_element_decode(bc_element element, uint64_t bits);

#endif
