// Where a window of taps reads an image: in the layout of ClWindow.
#define H g.s0
#define W g.s1
#define OUT_H g.s2
#define OUT_W g.s3
#define KERNEL_H g.s4
#define KERNEL_W g.s5
#define STRIDE_H g.s6
#define STRIDE_W g.s7
#define DILATION_H g.s8
#define DILATION_W g.s9
#define TOP g.sa
#define LEFT g.sb

#define WIDTH 32
#define PIECE(x) __global char* x##_bytes, const long x##_at
#define AT(TYPE, x) ((__global TYPE*) (x##_bytes + x##_at))
