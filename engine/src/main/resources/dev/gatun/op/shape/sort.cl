// Stable sorts of runs by merging, on keys: unsigned integers in the order of the elements E, the zeros of floats as
// one and all NaN as the greatest. A key travels with the place it came from.
inline ulong key(const E x) {
#if defined(IS_F32)
  const uint u = isnan(x) ? 0x7fc00000u : as_uint(x + 0);
  return u >> 31 ? ~u : u ^ 0x80000000u;
#elif defined(IS_F64)
  const ulong u = isnan(x) ? 0x7ff8000000000000ul : as_ulong(x + 0);
  return u >> 63 ? ~u : u ^ 0x8000000000000000ul;
#else
  return as_ulong((long) x) ^ 0x8000000000000000ul;
#endif
}

#define KEYS(name) __global char* name##_keys_, const long name##_keysAt, __global char* name##_places_, const long name##_placesAt
#define OPEN_KEYS(name) \
  __global ulong* name##_keys = (__global ulong*) (name##_keys_ + name##_keysAt); \
  __global uint* name##_places = (__global uint*) (name##_places_ + name##_placesAt)

// Blocks of `width` elements of the runs, sorted by insertion. Elements of a run are `inner` apart.
kernel void blocks(
    IN(E, x), KEYS(a), const long runs, const long n, const long inner, const long width, const long blocks,
    const long turn) {
  OPEN(E, x);
  OPEN_KEYS(a);
  const long run = get_global_id(1);
  const long block = get_global_id(0);
  if (block >= blocks) return;
  const long from = run / inner * n * inner + run % inner;
  __global ulong* keys = a_keys + run * n;
  __global uint* places = a_places + run * n;
  const long first = block * width;
  for (long i = first; i < min(first + width, n); i++) {
    const ulong k = key(x[from + i * inner]) ^ (ulong) turn;
    long j = i;
    for (; j > first && keys[j - 1] > k; j--) {
      keys[j] = keys[j - 1];
      places[j] = places[j - 1];
    }
    keys[j] = k;
    places[j] = (uint) i;
  }
}

// Pairs of sorted pieces of `width` become one; a work-item makes `chunk` of its elements, whose share of both pieces a
// binary search finds.
kernel void merge(
    KEYS(a), KEYS(b), const long n, const long width, const long chunk, const long chunks) {
  OPEN_KEYS(a);
  OPEN_KEYS(b);
  if (get_global_id(0) >= chunks) return;
  const long start = get_global_id(1) * n;
  const long begin = get_global_id(0) * chunk;
  const long end = min(begin + chunk, n);
  long o = begin;
  while (o < end) {
    const long low = o / (2 * width) * 2 * width;
    const long middle = min(low + width, n);
    const long high = min(low + 2 * width, n);
    const long p = o - low;
    long i = max(0L, p - (high - middle));
    long most = min(p, middle - low);
    while (i < most) {
      const long half_way = (i + most) / 2;
      if (a_keys[start + low + half_way] <= a_keys[start + middle + p - half_way - 1]) i = half_way + 1;
      else most = half_way;
    }
    long l = low + i;
    long r = middle + p - i;
    for (const long stop = min(end, high); o < stop; o++) {
      const bool left = l < middle && (r >= high || a_keys[start + l] <= a_keys[start + r]);
      const long from = start + (left ? l++ : r++);
      b_keys[start + o] = a_keys[from];
      b_places[start + o] = a_places[from];
    }
  }
}

// The first `taken` elements of each run and where they stood.
kernel void take(
    IN(E, x), KEYS(a), OUT(E, y), OUT(long, places), const long n, const long inner, const long taken) {
  OPEN(E, x);
  OPEN_KEYS(a);
  OPEN_OUT(E, y);
  OPEN_OUT(long, places);
  const long i = get_global_id(0);
  if (i >= taken) return;
  const long run = get_global_id(1);
  const uint place = a_places[run * n + i];
  const long to = (run / inner * taken + i) * inner + run % inner;
  y[to] = x[(run / inner * n + place) * inner + run % inner];
  places[to] = place;
}

// How many elements of the sorted ones stand before each value.
kernel void search(IN(E, sorted), IN(E, values), OUT(long, y), const long n, const long count, const long right) {
  OPEN(E, sorted);
  OPEN(E, values);
  OPEN_OUT(long, y);
  const long i = get_global_id(0);
  if (i >= count) return;
  const ulong k = key(values[i]);
  long low = 0;
  long high = n;
  while (low < high) {
    const long middle = (low + high) / 2;
    const ulong s = key(sorted[middle]);
    if (right ? s <= k : s < k) low = middle + 1;
    else high = middle;
  }
  y[i] = low;
}
