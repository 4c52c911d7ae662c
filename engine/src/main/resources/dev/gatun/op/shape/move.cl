// Elements moved or set, whatever their type: E is an unsigned integer of their size.

// Row-major from a strided view. Axes of sizes `size` and strides `stride`, the last one first; rows run along `axis`,
// the first that has more than one element.
kernel void copy(
    IN(E, x), OUT(E, y), const long inner, const long axis, const long rank, const long16 size, const long16 stride) {
  OPEN(E, x);
  OPEN_OUT(E, y);
  ARRAY16(sizes, size);
  ARRAY16(strides, stride);
  long row = get_global_id(1);
  __global E* to = y + row * inner;
  __global const E* from = x;
  for (int k = axis + 1; k < rank; k++) {
    from += row % sizes[k] * strides[k];
    row /= sizes[k];
  }
  const long step = strides[axis];
  long i = get_global_id(0) * (long) CHUNK;
  const long end = min(i + CHUNK, inner);
  if (step == 1) {
    for (; i < end; i++) to[i] = from[i];
  } else {
    for (; i < end; i++) to[i] = from[i * step];
  }
}

kernel void fill(OUT(E, y), const long n, const long bits) {
  OPEN_OUT(E, y);
  long i = get_global_id(0) * (long) CHUNK;
  for (const long end = min(i + CHUNK, n); i < end; i++) y[i] = (E) bits;
}

// Axes of sizes `size`, the last one first, each cut into three runs that end at `ends0`, `ends1` and its size; in run
// k, element i comes from from_k + i * step_k along strides `stride` of the source, or is `filler` where from_k is
// NONE.
#define NONE (-(1L << 62))

kernel void moves(
    IN(E, x), OUT(E, y), const long inner, const long rank, const long16 size, const long16 stride,
    const long16 ends0, const long16 ends1, const long16 from0, const long16 from1, const long16 from2,
    const long16 step0, const long16 step1, const long16 step2, const long filler) {
  OPEN(E, x);
  OPEN_OUT(E, y);
  ARRAY16(sizes, size);
  ARRAY16(strides, stride);
  long ends[2][16], from[3][16], step[3][16];
  vstore16(ends0, 0, ends[0]);
  vstore16(ends1, 0, ends[1]);
  vstore16(from0, 0, from[0]);
  vstore16(from1, 0, from[1]);
  vstore16(from2, 0, from[2]);
  vstore16(step0, 0, step[0]);
  vstore16(step1, 0, step[1]);
  vstore16(step2, 0, step[2]);
  long row = get_global_id(1);
  __global E* to = y + row * inner;
  __global const E* source = x;
  bool isThere = true;
  for (int k = 1; k < rank; k++) {
    const long i = row % sizes[k];
    row /= sizes[k];
    const int run = i < ends[0][k] ? 0 : i < ends[1][k] ? 1 : 2;
    isThere = isThere && from[run][k] != NONE;
    source += (from[run][k] + i * step[run][k]) * strides[k];
  }
  long i = get_global_id(0) * (long) CHUNK;
  const long end = min(i + CHUNK, inner);
  for (int run = 0; run < 3; run++) {
    const long stop = run < 2 ? min(end, ends[run][0]) : end;
    if (!isThere || from[run][0] == NONE) {
      for (; i < stop; i++) to[i] = (E) filler;
    } else if (step[run][0] == 1) {
      __global const E* at = source + from[run][0];
      for (; i < stop; i++) to[i] = at[i];
    } else {
      for (; i < stop; i++) to[i] = source[from[run][0] + i * step[run][0]];
    }
  }
}

// Rows of `length` elements, row r to `first + r / m * outer + r % m * step`; a work-item moves CHUNK elements.
kernel void spread(
    IN(E, x), OUT(E, y), const long n, const long length, const long m, const long first, const long outer,
    const long step) {
  OPEN(E, x);
  OPEN_OUT(E, y);
  long e = get_global_id(0) * (long) CHUNK;
  const long end = min(e + CHUNK, n);
  long row = e / length;
  long column = e - row * length;
  while (e < end) {
    const long count = min(length - column, end - e);
    __global E* to = y + first + row / m * outer + row % m * step + column;
    for (long i = 0; i < count; i++) to[i] = x[e + i];
    e += count;
    row++;
    column = 0;
  }
}

// y = x where the mask says so, else `filler`; the mask repeats every `period` elements.
kernel void mask(IN(E, x), IN(uchar, masked), OUT(E, y), const long n, const long period, const long filler) {
  OPEN(E, x);
  OPEN(uchar, masked);
  OPEN_OUT(E, y);
  long i = get_global_id(0) * (long) CHUNK;
  const long end = min(i + CHUNK, n);
  while (i < end) {
    const long at = i % period;
    const long stop = min(end, i + period - at);
    __global const uchar* m = masked + at - i;
    for (; i < stop; i++) y[i] = m[i] ? (E) filler : x[i];
  }
}

// Columns [low, high) of row i of each matrix [rows, columns] stay, where the diagonal bounds one side: `lower` keeps
// those up to it.
kernel void triangle(
    IN(E, x), OUT(E, y), const long n, const long rows, const long columns, const long lower, const long diagonal) {
  OPEN(E, x);
  OPEN_OUT(E, y);
  long e = get_global_id(0) * (long) CHUNK;
  const long end = min(e + CHUNK, n);
  while (e < end) {
    const long row = e / columns;
    const long begin = row * columns;
    const long edge = clamp(row % rows + diagonal + (lower ? 1 : 0), 0L, columns);
    const long low = begin + (lower ? 0 : edge);
    const long high = begin + (lower ? edge : columns);
    const long stop = min(end, begin + columns);
    for (; e < stop; e++) y[e] = e >= low && e < high ? x[e] : (E) 0;
  }
}
