// Matrix products y = activation(a b + bias). The matrix b lies in panels of 32 columns, [panel][k][32], filled up
// with zeros: so a work-item reads it in order, whatever it was stored as. T is the type of sums, S that of results.
#define WIDTH 32
#ifndef S
#define S T
#endif

// An operand is a tensor or a piece of work memory.
#define AT(TYPE, x) ((__global TYPE*) (x##_bytes + x##_at))
#define PIECE(x) __global char* x##_bytes, const long x##_at

#if LANES > 1
#define V CAT(T, LANES)
#define LOAD(p) CAT(vload, LANES)(0, p)
#define STORE(v, p) CAT(vstore, LANES)(v, 0, p)
#else
#define V T
#define LOAD(p) (*(p))
#define STORE(v, p) *(p) = (v)
#endif

#ifdef IS_I32
#define FMA(x, y, z) ((x) * (y) + (z))
#else
#define FMA(x, y, z) fma(x, y, z)
#endif

// 0 none, 1 max(0, x), 2 x Phi(x), 3 x / (1 + e^-x), 4 1 / (1 + e^-x), 5 tanh
#ifndef ACTIVATION
#define ACTIVATION 0
#endif
inline V activated(V x) {
#if ACTIVATION == 1
  return x > 0 || isnan(x) ? x : (V) (0);
#elif ACTIVATION == 2
  return x == (V) (LOWEST) ? (V) (0) : x * (0.5 * erfc(x * -0.7071067811865476));
#elif ACTIVATION == 3
  return x / (1 + exp(-x));
#elif ACTIVATION == 4
  return 1 / (1 + exp(-x));
#elif ACTIVATION == 5
  return tanh(x);
#else
  return x;
#endif
}

// Sizes of a product: m rows, k terms `outer` times, where a moves by `aOuter`; strides of a and y in elements.
#define M sizes.s0
#define N sizes.s1
#define K sizes.s2
#define OUTER sizes.s3
#define A_OUTER sizes.s4
#define A_ROW sizes.s5
#define A_COLUMN sizes.s6
#define Y_ROW sizes.s7
#define Y_COLUMN sizes.s8
#define Y_BATCH sizes.s9
#define A_FIRST sizes.sa
#define Y_FIRST sizes.sb
#define AXES sizes.sc

#ifdef A_PIECE
#define A_PARAMETER PIECE(a)
#define A_POINTER AT(const T, a)
#else
#define A_PARAMETER IN(T, a)
#define A_POINTER (a_buffer + a_first)
#endif
#ifdef B_PIECE
#define B_PARAMETER PIECE(b)
#define B_POINTER AT(const T, b)
#else
#define B_PARAMETER IN(T, b)
#define B_POINTER (b_buffer + b_first)
#endif
#ifdef Y_PIECE
#define Y_PARAMETER PIECE(y)
#define Y_POINTER AT(S, y)
#else
#define Y_PARAMETER OUT(S, y)
#define Y_POINTER (y_buffer + y_first)
#endif

// Bias: none, 1 a number for each column, 2 for each row.
#if BIAS > 0
#define BIAS_PARAMETER , IN(T, bias)
#else
#define BIAS_PARAMETER
#endif
// Codes of a quantized layer: the sums times (scale of the column times that of the row), each rounded.
#ifdef SCALES
#define SCALE_PARAMETER , IN(float, scale), PIECE(rows), const long scaleStep, const long rowStep
#else
#define SCALE_PARAMETER
#endif
#ifdef FLOAT_BIAS
#define FLOAT_BIAS_PARAMETER , IN(float, added)
#else
#define FLOAT_BIAS_PARAMETER
#endif

#define PARAMETERS                                                                                              \
  A_PARAMETER, B_PARAMETER, Y_PARAMETER BIAS_PARAMETER SCALE_PARAMETER FLOAT_BIAS_PARAMETER, const long16 sizes, \
      const long16 size, const long16 aStride, const long16 bStride, const long16 biasStride

// Where matrix `batch` of each operand starts.
#define OPEN_BATCH(batch)                               \
  ARRAY16(batchSizes, size);                            \
  ARRAY16(aStrides, aStride);                           \
  ARRAY16(bStrides, bStride);                           \
  ARRAY16(biasStrides, biasStride);                     \
  __global const T* a = A_POINTER + A_FIRST;            \
  __global const T* b = B_POINTER;                      \
  __global S* y = Y_POINTER + Y_FIRST + batch * Y_BATCH; \
  long biasAt = 0;                                      \
  long rest = batch;                                    \
  for (int axis = 0; axis < AXES; axis++) {             \
    const long at = rest % batchSizes[axis];            \
    rest /= batchSizes[axis];                           \
    a += at * aStrides[axis];                           \
    b += at * bStrides[axis];                           \
    biasAt += at * biasStrides[axis];                   \
  }

#if defined(SCALES) && defined(FLOAT_BIAS)
#define RESULT(v, i, j) ((float) (v) * (scale[(j) * scaleStep] * rowScales[(i) * rowStep]) + added[j])
#elif defined(SCALES)
#define RESULT(v, i, j) ((float) (v) * (scale[(j) * scaleStep] * rowScales[(i) * rowStep]))
#else
#define RESULT(v, i, j) (v)
#endif

#ifdef ROWS
#define VECTORS (WIDTH / LANES)

// ROWS x 32 results in vector registers. The last rows are computed with those before them where there are no more.
kernel void product(PARAMETERS) {
  const long batch = get_global_id(2);
  OPEN_BATCH(batch);
  const long from = get_global_id(0) * ROWS;
  const long j = get_global_id(1) * WIDTH;
  const long i = max(min(from, M - ROWS), 0L);
  V sum[ROWS][VECTORS];
#if BIAS == 1
  __global const T* bias = bias_buffer + bias_first + biasAt;
  T padded[WIDTH] = {0};
  for (int c = 0; c < WIDTH && j + c < N; c++) padded[c] = bias[j + c];
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) sum[r][v] = LOAD(padded + v * LANES);
  }
#else
#if BIAS == 2
  __global const T* bias = bias_buffer + bias_first + biasAt + i;
#endif
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) {
#if BIAS == 2
      sum[r][v] = (V) (bias[r]);
#else
      sum[r][v] = (V) (0);
#endif
    }
  }
#endif
  a += i * A_ROW;
  b += get_global_id(1) * OUTER * K * WIDTH;
  const long row = A_ROW;
  const long outer = OUTER;
  const long k = K;
#ifdef A_UNIT
  const long column = 1;
#else
  const long column = A_COLUMN;
#endif
  for (long o = 0; o < outer; o++) {
    __global const T* left = a + o * A_OUTER;
    for (long l = 0; l < k; l++) {
      V right[VECTORS];
#pragma unroll
      for (int v = 0; v < VECTORS; v++) right[v] = LOAD(b + v * LANES);
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        const V x = (V) (left[r * row]);
#pragma unroll
        for (int v = 0; v < VECTORS; v++) sum[r][v] = FMA(x, right[v], sum[r][v]);
      }
      b += WIDTH;
      left += column;
    }
  }
#ifdef SCALES
  OPEN(float, scale);
  __global const float* rowScales = AT(const float, rows);
#endif
#ifdef FLOAT_BIAS
  OPEN(float, added);
#endif
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    if (i + r >= from && i + r < M) {
      __global S* to = y + (i + r) * Y_ROW + j * Y_COLUMN;
#ifndef SCALES
      if (j + WIDTH <= N && Y_COLUMN == 1) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) STORE(activated(sum[r][v]), to + v * LANES);
      } else
#endif
      {
        T part[WIDTH];
#pragma unroll
        for (int v = 0; v < VECTORS; v++) STORE(activated(sum[r][v]), part + v * LANES);
        for (int c = 0; c < WIDTH && j + c < N; c++) to[c * Y_COLUMN] = RESULT(part[c], i + r, j + c);
      }
    }
  }
}
#endif

#ifdef TILE
// A work-group of 16 x 16 computes 64 x 64 results from tiles in local memory, a work-item 4 x 4 of them that lie 16
// apart, so that neighbours write neighbours.
kernel void tiles(PARAMETERS) {
  const long batch = get_global_id(2);
  OPEN_BATCH(batch);
  const int x = get_local_id(0);
  const int z = get_local_id(1);
  const int id = z * 16 + x;
  const long i0 = get_group_id(1) * 64;
  const long j0 = get_group_id(0) * 64;
  const long terms = OUTER * K;
  const long panels = (N + WIDTH - 1) / WIDTH;
  local T lefts[16][65];
  local T rights[16][64];
#if BIAS > 0
  __global const T* bias = bias_buffer + bias_first + biasAt;
#endif
  T sum[4][4];
  for (int r = 0; r < 4; r++) {
    for (int c = 0; c < 4; c++) {
#if BIAS == 1
      sum[r][c] = j0 + x + 16 * c < N ? bias[j0 + x + 16 * c] : 0;
#elif BIAS == 2
      sum[r][c] = i0 + z + 16 * r < M ? bias[i0 + z + 16 * r] : 0;
#else
      sum[r][c] = 0;
#endif
    }
  }
  for (long l = 0; l < terms; l += 16) {
    for (int e = id; e < 1024; e += 256) {
      // Along the axis of a that is in order in memory.
      const int q = A_COLUMN == 1 ? e % 16 : e / 64;
      const int r = A_COLUMN == 1 ? e / 16 : e % 64;
      const long t = l + q;
      const bool in = t < terms && i0 + r < M;
      lefts[q][r] = in ? a[(i0 + r) * A_ROW + t / K * A_OUTER + t % K * A_COLUMN] : 0;
      const long s = l + e / 64;
      const long panel = j0 / WIDTH + e % 64 / WIDTH;
      rights[e / 64][e % 64] = s < terms && panel < panels ? b[(panel * terms + s) * WIDTH + e % WIDTH] : 0;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const int end = (int) min(16L, terms - l);
    for (int q = 0; q < end; q++) {
      T left[4];
      T right[4];
      for (int r = 0; r < 4; r++) left[r] = lefts[q][z + 16 * r];
      for (int c = 0; c < 4; c++) right[c] = rights[q][x + 16 * c];
      for (int r = 0; r < 4; r++) {
        for (int c = 0; c < 4; c++) sum[r][c] = FMA(left[r], right[c], sum[r][c]);
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#ifdef SCALES
  OPEN(float, scale);
  __global const float* rowScales = AT(const float, rows);
#endif
#ifdef FLOAT_BIAS
  OPEN(float, added);
#endif
  for (int r = 0; r < 4; r++) {
    for (int c = 0; c < 4; c++) {
      const long i = i0 + z + 16 * r;
      const long j = j0 + x + 16 * c;
      if (i < M && j < N) y[i * Y_ROW + j * Y_COLUMN] = RESULT(activated(sum[r][c]), i, j);
    }
  }
}
#endif
