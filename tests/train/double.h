/*
 * double.h: included before everything else, it compiles the layers in double precision, so that
 * finite differences check the very code that trains. Headers that speak of C's own float come
 * first.
 */
#ifndef BC_TESTS_TRAIN_DOUBLE_H
#define BC_TESTS_TRAIN_DOUBLE_H

#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#pragma clang diagnostic ignored "-Wkeyword-macro"
#endif
#define float double
#define cblas_sgemm cblas_dgemm

#endif
