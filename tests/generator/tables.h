/*
 * tables.h: small nets of every kind of layer: residual blocks and skips over several layers, banks
 * and norms of styles, canvases, reflected edges, stride 1 at both ends, kernels from 1 to 9.
 */
#ifndef BC_TESTS_GENERATOR_TABLES_H
#define BC_TESTS_GENERATOR_TABLES_H

/* A canvas, banks of residual blocks, a skip over ten layers, norms of styles around. */
static const char deep_table[] = "encoder.0 conv 9 8 stride=2 norm relu\n"
                                 "encoder.1 conv 3 16 stride=2 norm relu\n"
                                 "encoder.2 conv 3 16 stride=2 norm relu\n"
                                 "canvas canvas 8 stride=8\n"
                                 "grain conv 1 16 norm=style\n"
                                 "ground add encoder.2 grain\n"
                                 "shared.0 conv 3 16 norm relu\n"
                                 "shared.1 conv 3 16 norm\n"
                                 "shared add ground shared.1\n"
                                 "bank.0 conv 3 16 norm=style relu weights=style\n"
                                 "bank.1 conv 3 16 norm=style weights=style\n"
                                 "bank.2 add shared bank.1\n"
                                 "bank.3 conv 3 16 norm=style relu weights=style\n"
                                 "bank.4 conv 3 16 norm=style weights=style\n"
                                 "bank.5 add bank.2 bank.4\n"
                                 "bank mix\n"
                                 "decoder.0 conv 3 16 up=subpixel norm=style relu\n"
                                 "skip add decoder.0 encoder.1\n"
                                 "fine.canvas canvas 8 stride=4\n"
                                 "fine.grain conv 1 16 norm=style\n"
                                 "fine add skip fine.grain\n"
                                 "decoder.1 conv 3 8 up=zero norm=style relu\n"
                                 "decoder.2 conv 9 3 up=nearest";

/* Norms alone are the styles'; residual blocks with reflected edges; stride 1 at both ends. */
static const char residual_table[] = "conv1 conv 9 8 pad=reflect norm=style relu\n"
                                     "conv2 conv 3 16 stride=2 pad=reflect norm=style relu\n"
                                     "conv3 conv 5 16 stride=2 pad=reflect norm=style relu\n"
                                     "res1.1 conv 3 16 pad=reflect norm=style relu\n"
                                     "res1.2 conv 3 16 pad=reflect norm=style\n"
                                     "res1 add conv3 res1.2\n"
                                     "res2.1 conv 7 16 pad=reflect norm=style relu\n"
                                     "res2.2 conv 1 16 norm=style\n"
                                     "res2 add res1 res2.2\n"
                                     "deconv1 conv 3 16 up=nearest norm=style relu\n"
                                     "deconv2 conv 7 8 up=nearest norm=style relu\n"
                                     "deconv3 conv 9 3 pad=reflect";

/* Two banks, one of which ends in a convolution, layers without a norm, steps of stride 2 that
 * leave rows unread, and sums of what lies far apart. */
static const char banks_table[] = "in conv 5 8 stride=2 relu\n"
                                  "left conv 1 8 stride=2 norm relu\n"
                                  "right conv 5 8 stride=2 norm from=in\n"
                                  "both add left right\n"
                                  "one conv 3 8 norm=style relu weights=style\n"
                                  "one.mix mix\n"
                                  "sum add one.mix both\n"
                                  "two.0 conv 3 16 norm relu weights=style from=sum\n"
                                  "two.1 conv 3 8 norm=style\n"
                                  "two.2 add two.1 both\n"
                                  "two mix\n"
                                  "up conv 5 8 up=nearest norm relu\n"
                                  "join add up in\n"
                                  "out conv 3 3 up=subpixel";

#endif
