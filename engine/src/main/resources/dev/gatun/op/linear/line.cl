// Products of few rows, m of them, with a matrix that is read where it lies.
#ifdef B_BF16
#define B ushort
#define VALUE(x) bf16_float(x)
#define WIDE(p) as_float16(convert_uint16(vload16(0, p)) << 16)
#else
#define B T
#define VALUE(x) (x)
#define WIDE(p) LOAD(p)
#endif

#define LINE_PARAMETERS                                                                                  \
  IN(T, a), IN(B, b), OUT(T, y) BIAS_PARAMETER, const long16 sizes, const long16 size, const long16 aStride, \
      const long16 bStride, const long16 biasStride, const long row, const long column

#define OPEN_LINE                                          \
  ARRAY16(batchSizes, size);                               \
  ARRAY16(aStrides, aStride);                              \
  ARRAY16(bStrides, bStride);                              \
  __global const T* a = a_buffer + a_first;                \
  __global const B* b = b_buffer + b_first;                \
  __global T* y = y_buffer + y_first + get_global_id(2) * Y_BATCH; \
  long rest = get_global_id(2);                            \
  for (int axis = 0; axis < AXES; axis++) {                \
    const long at = rest % batchSizes[axis];               \
    rest /= batchSizes[axis];                              \
    a += at * aStrides[axis];                              \
    b += at * bStrides[axis];                              \
  }

#if BIAS > 0
#define START(j) bias_buffer[bias_first + (j)]
#else
#define START(j) 0
#endif

inline T single(T x) {
#if LANES > 1
  return activated((V) (x)).s0;
#else
  return activated(x);
#endif
}

#if LANES > 1
inline T lanes_sum(V v) {
  T part[LANES];
  STORE(v, part);
  for (int w = LANES / 2; w > 0; w /= 2) {
    for (int i = 0; i < w; i++) part[i] += part[i + w];
  }
  return part[0];
}

// Columns of b are in order in memory: row i of a times column j.
kernel void dots(LINE_PARAMETERS) {
  OPEN_LINE;
  const long j = get_global_id(0);
  if (j >= N) return;
  b += j * column;
  for (long i = 0; i < M; i++) {
    __global const T* left = a + i * A_ROW;
    V s0 = (V) (0), s1 = (V) (0), s2 = (V) (0), s3 = (V) (0);
    long l = 0;
    for (; l + 4 * LANES <= K; l += 4 * LANES) {
      s0 = fma(LOAD(left + l), WIDE(b + l), s0);
      s1 = fma(LOAD(left + l + LANES), WIDE(b + l + LANES), s1);
      s2 = fma(LOAD(left + l + 2 * LANES), WIDE(b + l + 2 * LANES), s2);
      s3 = fma(LOAD(left + l + 3 * LANES), WIDE(b + l + 3 * LANES), s3);
    }
    for (; l + LANES <= K; l += LANES) s0 = fma(LOAD(left + l), WIDE(b + l), s0);
    T sum = lanes_sum((s0 + s1) + (s2 + s3));
    for (; l < K; l++) sum = fma(left[l], VALUE(b[l]), sum);
    y[i * N + j] = single(sum + START(j));
  }
}

// Rows of b are in order: a work-item takes 4 vectors of columns of one row.
kernel void rows(LINE_PARAMETERS) {
  OPEN_LINE;
  const long i = get_global_id(1);
  const long j = get_global_id(0) * 4 * LANES;
  if (j >= N) return;
  a += i * A_ROW;
  y += i * N;
  b += j;
  if (j + 4 * LANES <= N) {
    V s0 = (V) (0), s1 = (V) (0), s2 = (V) (0), s3 = (V) (0);
    for (long l = 0; l < K; l++) {
      const V x = (V) (a[l]);
      s0 = fma(x, WIDE(b), s0);
      s1 = fma(x, WIDE(b + LANES), s1);
      s2 = fma(x, WIDE(b + 2 * LANES), s2);
      s3 = fma(x, WIDE(b + 3 * LANES), s3);
      b += row;
    }
#if BIAS > 0
    __global const T* bias = bias_buffer + bias_first + j;
    s0 += LOAD(bias);
    s1 += LOAD(bias + LANES);
    s2 += LOAD(bias + 2 * LANES);
    s3 += LOAD(bias + 3 * LANES);
#endif
    STORE(activated(s0), y + j);
    STORE(activated(s1), y + j + LANES);
    STORE(activated(s2), y + j + 2 * LANES);
    STORE(activated(s3), y + j + 3 * LANES);
  } else {
    const int end = (int) (N - j);
    T sum[4 * LANES] = {0};
    for (long l = 0; l < K; l++) {
      const T x = a[l];
      for (int c = 0; c < end; c++) sum[c] = fma(x, VALUE(b[c]), sum[c]);
      b += row;
    }
    for (int c = 0; c < end; c++) y[j + c] = single(sum[c] + START(j + c));
  }
}
#else
// A work-group of 64 sums one result.
kernel void dots(LINE_PARAMETERS) {
  OPEN_LINE;
  local T part[64];
  const int id = get_local_id(0);
  const long j = get_group_id(0);
  const long i = get_global_id(1);
  T sum = 0;
  for (long l = id; l < K; l += 64) sum = fma(a[i * A_ROW + l], VALUE(b[j * column + l]), sum);
  part[id] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int w = 32; w > 0; w /= 2) {
    if (id < w) part[id] += part[id + w];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (id == 0) y[i * N + j] = single(part[0] + START(j));
}

// A work-item sums one result; neighbours read neighbours.
kernel void rows(LINE_PARAMETERS) {
  OPEN_LINE;
  const long j = get_global_id(0);
  const long i = get_global_id(1);
  if (j >= N) return;
  T s0 = 0, s1 = 0;
  long l = 0;
  for (; l + 2 <= K; l += 2) {
    s0 = fma(a[i * A_ROW + l], VALUE(b[l * row + j]), s0);
    s1 = fma(a[i * A_ROW + l + 1], VALUE(b[(l + 1) * row + j]), s1);
  }
  if (l < K) s0 = fma(a[i * A_ROW + l], VALUE(b[l * row + j]), s0);
  y[i * N + j] = single(s0 + s1 + START(j));
}
#endif
