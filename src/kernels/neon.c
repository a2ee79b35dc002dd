/* NEON of 64-bit ARM: 32 registers of 4 floats. */
#include "kernels/vec_neon.h"

enum { CONV_BLOCK = 8, CONV_VECS = 3, LAST_BLOCK = 12, LAST_VECS = 2 };
enum { WINOGRAD_BLOCK = 8, WINOGRAD_LAST_BLOCK = 12, WINOGRAD_VECS = 2 };

#include "kernels/neon_pixels.h"
#include "kernels/simd_canvas.h"
#include "kernels/simd_conv.h"
#include "kernels/simd_rows.h"
#include "kernels/simd_winograd.h"
#include "kernels/simd_yuv.h"

void bc_kernels_init_neon(bc_kernels *kernels)
{
    kernels->conv_block = CONV_BLOCK;
    kernels->winograd_block = WINOGRAD_BLOCK;
    kernels->winograd_lanes = LANES;
    kernels->winograd_strip = WINOGRAD_VECS * LANES;
    kernels->norm_row = norm_row;
    kernels->norm_split = norm_split;
    kernels->norm_join = norm_join;
    kernels->canvas_row = canvas_row;
    kernels->pixels_split = pixels_split;
    kernels->conv_row = conv_row;
    kernels->winograd_load = winograd_load;
    kernels->winograd_rows = winograd_rows;
    kernels->store_pixels = store_pixels;
    kernels->yuv_split = yuv_split;
    kernels->store_luma = store_luma;
    kernels->store_chroma = store_chroma;
    kernels->measure_peak = measure_peak;
}
