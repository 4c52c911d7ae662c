// Matrices [k, n] of any strides as panels of 32 columns of type T, the last one filled up with zeros.
#define WIDTH 32
#define PIECE(x) __global char* x##_bytes, const long x##_at

#ifdef B_BF16
#define B ushort
#define VALUE(x) bf16_float(x)
#elif defined(B_TYPE)
#define B B_TYPE
#define VALUE(x) ((T) (x))
#else
#define B T
#define VALUE(x) (x)
#endif

#ifdef ZEROS
#define ZERO_PARAMETERS , IN(B, zero), const long zeroStep, const long zeroBatch
#define ZERO(j) - (T) zero[(j) * zeroStep]
#else
#define ZERO_PARAMETERS
#define ZERO(j)
#endif

// A work-item fills CHUNK rows of one panel, or on a GPU one element of each.
kernel void panels(
    IN(B, b), PIECE(p) ZERO_PARAMETERS, const long n, const long k, const long row, const long column,
    const long batch
#ifdef SHIFTED
    , const long shift
#endif
) {
#ifndef SHIFTED
  const long shift = 0;
#endif
  const long panel = get_global_id(1);
  __global const B* from = b_buffer + b_first + shift + get_global_id(2) * batch + panel * WIDTH * column;
  __global T* to = (__global T*) (p_bytes + p_at) + (get_global_id(2) * get_global_size(1) + panel) * k * WIDTH;
  const int columns = (int) min((long) WIDTH, n - panel * WIDTH);
#ifdef ZEROS
  __global const B* zero = zero_buffer + zero_first + get_global_id(2) * zeroBatch + panel * WIDTH * zeroStep;
#endif
#if CHUNK == 1
  const long l = get_global_id(0) / WIDTH;
  const int c = get_global_id(0) % WIDTH;
  if (l < k) to[l * WIDTH + c] = c < columns ? VALUE(from[l * row + c * column]) ZERO(c) : (T) 0;
#else
  const long l0 = get_global_id(0) * CHUNK;
  const long end = min(l0 + CHUNK, k);
  if (column == 1 && columns == WIDTH) {
    for (long l = l0; l < end; l++) {
      for (int c = 0; c < WIDTH; c++) to[l * WIDTH + c] = VALUE(from[l * row + c]) ZERO(c);
    }
  } else if (row == 1 && columns == WIDTH && end - l0 == CHUNK) {
    // Rows of the panel are columns of b: eight at a time share the cache lines that they read.
    for (long l = l0; l < end; l += 8) {
      for (int c = 0; c < WIDTH; c++) {
        for (int q = 0; q < 8; q++) to[(l + q) * WIDTH + c] = VALUE(from[l + q + c * column]) ZERO(c);
      }
    }
  } else {
    for (long l = l0; l < end; l++) {
      for (int c = 0; c < columns; c++) to[l * WIDTH + c] = VALUE(from[l * row + c * column]) ZERO(c);
      for (int c = columns; c < WIDTH; c++) to[l * WIDTH + c] = 0;
    }
  }
#endif
}
