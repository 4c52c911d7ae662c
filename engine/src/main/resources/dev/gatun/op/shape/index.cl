// Elements by index. I is the type of indices, E an unsigned integer of the size of an element, T the type of elements
// that are added up or compared. What an index outside its axis names is left out.

#ifdef E
// Rows of `unit` elements: row r is row `r / m * rows + indices[r % m]` of x.
kernel void select_rows(
    IN(E, x), IN(I, indices), OUT(E, y), const long n, const long unit, const long m, const long rows, FAULTS) {
  OPEN(E, x);
  OPEN(I, indices);
  OPEN_OUT(E, y);
  long e = get_global_id(0) * (long) CHUNK;
  const long end = min(e + CHUNK, n);
  long row = e / unit;
  long column = e - row * unit;
  while (e < end) {
    const long count = min(unit - column, end - e);
    const long index = checked(indices[row % m], 0, rows, faults, call);
    __global const E* from = x + (row / m * rows + index) * unit + column;
    for (long i = 0; i < count; i++) y[e + i] = index < 0 ? (E) 0 : from[i];
    e += count;
    row++;
    column = 0;
  }
}

// Every element has an index of its own along an axis of `rows` elements, `inner` apart; there are m for each run.
kernel void gather(
    IN(E, x), IN(I, indices), OUT(E, y), const long n, const long inner, const long m, const long rows, FAULTS) {
  OPEN(E, x);
  OPEN(I, indices);
  OPEN_OUT(E, y);
  long e = get_global_id(0) * (long) CHUNK;
  const long end = min(e + CHUNK, n);
  long row = e / inner;
  long column = e - row * inner;
  while (e < end) {
    const long count = min(inner - column, end - e);
    __global const E* from = x + row / m * rows * inner + column;
    for (long i = 0; i < count; i++) {
      const long index = checked(indices[e + i], 0, rows, faults, call);
      y[e + i] = index < 0 ? (E) 0 : from[index * inner + i];
    }
    e += count;
    row++;
    column = 0;
  }
}

// Rows of `classes` elements, `on` where the index is, else `off`.
kernel void one_hot(
    IN(I, indices), OUT(E, y), const long n, const long classes, const long on, const long off, FAULTS) {
  OPEN(I, indices);
  OPEN_OUT(E, y);
  long row = get_global_id(0) * (long) CHUNK;
  for (const long end = min(row + CHUNK, n); row < end; row++) {
    const long index = checked(indices[row], 0, classes, faults, call);
    for (long k = 0; k < classes; k++) y[row * classes + k] = (E) (k == index ? on : off);
  }
}

// Units of `length` elements for each of `heads`: unit i of [sequence, head] is unit `places[sequence, i]` of x, whose
// buffers have n units each. A place of -1 gives zeros.
kernel void read_units(
    IN(E, x), IN(I, places), OUT(E, y), const long length, const long heads, const long m, const long n,
    const long units, FAULTS) {
  OPEN(E, x);
  OPEN(I, places);
  OPEN_OUT(E, y);
  const long i = get_global_id(1);
  const long sequence = i / m / heads;
  const long s = checked(places[sequence * m + i % m], -1, units, faults, call);
  __global const E* from = x + ((s / n * heads + i / m % heads) * n + s % n) * length;
  long e = get_global_id(0) * (long) CHUNK;
  for (const long end = min(e + CHUNK, length); e < end; e++) y[i * length + e] = s < 0 ? (E) 0 : from[e];
}

// Row [sequence, head, t] of x becomes row `places[sequence, t]` of that head of y; a work-item goes through a head's
// rows in order, so that the last one stays.
kernel void write_rows(
    INOUT(E, y), IN(E, x), IN(I, places), const long length, const long heads, const long m, const long n,
    const long all, const long sequences, FAULTS) {
  OPEN_OUT(E, y);
  OPEN(E, x);
  OPEN(I, places);
  const long head = get_global_id(1);
  const long first = get_global_id(0) * (long) CHUNK;
  const long end = min(first + CHUNK, length);
  for (long sequence = 0; sequence < sequences; sequence++) {
    for (long t = 0; t < m; t++) {
      const long s = checked(places[sequence * m + t], -1, all, faults, call);
      __global E* to = y + ((s / n * heads + head) * n + s % n) * length;
      __global const E* from = x + ((sequence * heads + head) * m + t) * length;
      for (long e = first; s >= 0 && e < end; e++) to[e] = from[e];
    }
  }
}
#endif

#ifdef JOIN
// A work-item goes through WIDTH columns of the runs of x [outer, n, inner] and source [outer, m, inner], one index
// after the other: where indices repeat, the order is theirs.
#define COLUMNS \
  const long tiles = (inner + WIDTH - 1) / WIDTH; \
  const long outer = get_global_id(0) / tiles; \
  if (outer >= outers) return; \
  const long first = get_global_id(0) % tiles * WIDTH; \
  const long width = min((long) WIDTH, inner - first); \
  const long xAt = outer * n * inner + first; \
  const long sAt = outer * m * inner + first

// EACH: every element has an index, else every row. FROM_ZERO: nothing is there before.
kernel void scatter(
#ifndef FROM_ZERO
    IN(JOINED, x),
#endif
    IN(I, indices), IN(JOINED, source), OUT(JOINED, y), const long outers, const long n, const long m,
    const long inner, FAULTS) {
#ifndef FROM_ZERO
  OPEN(JOINED, x);
#endif
  OPEN(I, indices);
  OPEN(JOINED, source);
  OPEN_OUT(JOINED, y);
  COLUMNS;
  for (long k = 0; k < n; k++) {
#ifdef FROM_ZERO
    for (long c = 0; c < width; c++) y[xAt + k * inner + c] = 0;
#else
    for (long c = 0; c < width; c++) y[xAt + k * inner + c] = x[xAt + k * inner + c];
#endif
  }
  for (long j = 0; j < m; j++) {
#ifdef EACH
    for (long c = 0; c < width; c++) {
      const long s = sAt + j * inner + c;
      const long index = checked(indices[s], 0, n, faults, call);
      if (index < 0) continue;
      const long at = xAt + index * inner + c;
      const JOINED a = y[at];
      const JOINED b = source[s];
      y[at] = JOIN;
    }
#else
    const long index = checked(indices[j], 0, n, faults, call);
    if (index < 0) continue;
    for (long c = 0; c < width; c++) {
      const JOINED a = y[xAt + index * inner + c];
      const JOINED b = source[sAt + j * inner + c];
      y[xAt + index * inner + c] = JOIN;
    }
#endif
  }
}
#endif

#ifdef GRADIENT
#define OF(c) xAt + checked(indices[sAt + j * inner + c], 0, n, faults, call) * inner + c
#define SAME(a, b) ((a) == (b) || (isnan(a) && isnan(b)))

// Backwards, the first to name an element takes its gradient away.
kernel void last(
    IN(T, dy), IN(I, indices), OUT(T, dx), OUT(T, ds), const long outers, const long n, const long m,
    const long inner, const long isSet, FAULTS) {
  OPEN(T, dy);
  OPEN(I, indices);
  OPEN_OUT(T, dx);
  OPEN_OUT(T, ds);
  COLUMNS;
  for (long k = 0; k < n; k++) {
    for (long c = 0; c < width; c++) dx[xAt + k * inner + c] = dy[xAt + k * inner + c];
  }
  for (long j = m - 1; j >= 0; j--) {
    for (long c = 0; c < width; c++) {
      const long at = OF(c);
      const bool isThere = at >= xAt;
      ds[sAt + j * inner + c] = isThere ? dx[at] : 0;
      if (isThere && isSet) dx[at] = 0;
    }
  }
}

// The product of what comes before each factor, then that of what comes after.
kernel void others(
    IN(T, dy), IN(I, indices), IN(T, x), IN(T, source), OUT(T, dx), OUT(T, ds), const long outers, const long n,
    const long m, const long inner, FAULTS) {
  OPEN(T, dy);
  OPEN(I, indices);
  OPEN(T, x);
  OPEN(T, source);
  OPEN_OUT(T, dx);
  OPEN_OUT(T, ds);
  COLUMNS;
  for (long k = 0; k < n; k++) {
    for (long c = 0; c < width; c++) dx[xAt + k * inner + c] = x[xAt + k * inner + c];
  }
  for (long j = 0; j < m; j++) {
    for (long c = 0; c < width; c++) {
      const long at = OF(c);
      if (at < xAt) continue;
      ds[sAt + j * inner + c] = dx[at];
      dx[at] *= source[sAt + j * inner + c];
    }
  }
  for (long k = 0; k < n; k++) {
    for (long c = 0; c < width; c++) dx[xAt + k * inner + c] = dy[xAt + k * inner + c];
  }
  for (long j = m - 1; j >= 0; j--) {
    for (long c = 0; c < width; c++) {
      const long at = OF(c);
      if (at < xAt) continue;
      ds[sAt + j * inner + c] *= dx[at];
      dx[at] *= source[sAt + j * inner + c];
    }
  }
}

// dy shared among those that equal the result; dx holds their number first.
kernel void shares(
    IN(T, dy), IN(I, indices), IN(T, x), IN(T, source), IN(T, y), OUT(T, dx), OUT(T, ds), const long outers,
    const long n, const long m, const long inner, FAULTS) {
  OPEN(T, dy);
  OPEN(I, indices);
  OPEN(T, x);
  OPEN(T, source);
  OPEN(T, y);
  OPEN_OUT(T, dx);
  OPEN_OUT(T, ds);
  COLUMNS;
  for (long k = 0; k < n; k++) {
    for (long c = 0; c < width; c++) {
      const long at = xAt + k * inner + c;
      dx[at] = SAME(x[at], y[at]) ? 1 : 0;
    }
  }
  for (long j = 0; j < m; j++) {
    for (long c = 0; c < width; c++) {
      const long at = OF(c);
      if (at >= xAt && SAME(source[sAt + j * inner + c], y[at])) dx[at] += 1;
    }
  }
  for (long j = 0; j < m; j++) {
    for (long c = 0; c < width; c++) {
      const long at = OF(c);
      const long s = sAt + j * inner + c;
      ds[s] = at >= xAt && SAME(source[s], y[at]) ? dy[at] / dx[at] : 0;
    }
  }
  for (long k = 0; k < n; k++) {
    for (long c = 0; c < width; c++) {
      const long at = xAt + k * inner + c;
      dx[at] = SAME(x[at], y[at]) ? dy[at] / dx[at] : 0;
    }
  }
}
#endif
