// Tiles of attention, behind pairs.cl: LANES queries, or keys, one a lane, against up to TILE of the other side.
#if LANES > 1
#define ANY(c) any(c)
#define ALL(c) all(c)
#else
#define ANY(c) (c)
#define ALL(c) (c)
#endif
#define TILE 64
#define ZERO ((V) (0))

// s[u] = pack . row u, for `count` rows of d numbers
inline void products(const V* pack, __global const T* rows, const long d, const int count, V* s) {
  int u = 0;
  for (; u + 8 <= count; u += 8) {
    __global const T* r = rows + u * d;
    V s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
    for (long e = 0; e < d; e++) {
      const V x = pack[e];
      s0 = fma(x, (V) (r[e]), s0);
      s1 = fma(x, (V) (r[d + e]), s1);
      s2 = fma(x, (V) (r[2 * d + e]), s2);
      s3 = fma(x, (V) (r[3 * d + e]), s3);
      s4 = fma(x, (V) (r[4 * d + e]), s4);
      s5 = fma(x, (V) (r[5 * d + e]), s5);
      s6 = fma(x, (V) (r[6 * d + e]), s6);
      s7 = fma(x, (V) (r[7 * d + e]), s7);
    }
    s[u] = s0;
    s[u + 1] = s1;
    s[u + 2] = s2;
    s[u + 3] = s3;
    s[u + 4] = s4;
    s[u + 5] = s5;
    s[u + 6] = s6;
    s[u + 7] = s7;
  }
  for (; u < count; u++) {
    V sum = 0;
    for (long e = 0; e < d; e++) sum = fma(pack[e], (V) (rows[u * d + e]), sum);
    s[u] = sum;
  }
}

// acc += sum_u w[u] row u
inline void weigh(V* acc, const V* w, __global const T* rows, const long d, const int count) {
  long e = 0;
  for (; e + 8 <= d; e += 8) {
    V a0 = acc[e], a1 = acc[e + 1], a2 = acc[e + 2], a3 = acc[e + 3];
    V a4 = acc[e + 4], a5 = acc[e + 5], a6 = acc[e + 6], a7 = acc[e + 7];
    for (int u = 0; u < count; u++) {
      __global const T* r = rows + u * d + e;
      const V x = w[u];
      a0 = fma(x, (V) (r[0]), a0);
      a1 = fma(x, (V) (r[1]), a1);
      a2 = fma(x, (V) (r[2]), a2);
      a3 = fma(x, (V) (r[3]), a3);
      a4 = fma(x, (V) (r[4]), a4);
      a5 = fma(x, (V) (r[5]), a5);
      a6 = fma(x, (V) (r[6]), a6);
      a7 = fma(x, (V) (r[7]), a7);
    }
    acc[e] = a0;
    acc[e + 1] = a1;
    acc[e + 2] = a2;
    acc[e + 3] = a3;
    acc[e + 4] = a4;
    acc[e + 5] = a5;
    acc[e + 6] = a6;
    acc[e + 7] = a7;
  }
  for (; e < d; e++) {
    V a = acc[e];
    for (int u = 0; u < count; u++) a = fma(w[u], (V) (rows[u * d + e]), a);
    acc[e] = a;
  }
}

// The same where pairs are hidden, those of a score of -infinity: what is not finite there adds nothing.
inline void weigh_seen(V* acc, const V* w, const V* s, __global const T* rows, const long d, const int count) {
  for (int u = 0; u < count; u++) {
    if (ALL(s[u] == LOWEST)) continue;
    for (long e = 0; e < d; e++) {
      const V a = fma(w[u], (V) (rows[u * d + e]), acc[e]);
      acc[e] = s[u] == LOWEST ? acc[e] : a;
    }
  }
}

// Row l to lane l; lanes beyond `count` are 0.
inline void pack_rows(V* pack, __global const T* rows, const long d, const long count) {
  T some[LANES];
  for (int l = 0; l < LANES; l++) some[l] = 0;
  for (long e = 0; e < d; e++) {
    for (int l = 0; l < min((long) LANES, count); l++) some[l] = rows[l * d + e];
    pack[e] = LOAD(some);
  }
}

inline void put_rows(const V* pack, __global T* rows, const long d, const long count) {
  T some[LANES];
  for (long e = 0; e < d; e++) {
    STORE(pack[e], some);
    for (int l = 0; l < min((long) LANES, count); l++) rows[l * d + e] = some[l];
  }
}

inline void put(const V v, __global T* row, const long count) {
  T some[LANES];
  STORE(v, some);
  for (int l = 0; l < min((long) LANES, count); l++) row[l] = some[l];
}

inline V take(__global const T* row, const long count) {
  T some[LANES];
  for (int l = 0; l < LANES; l++) some[l] = l < count ? row[l] : (T) 0;
  return LOAD(some);
}

// Scaled and capped, and the slope of the cap.
inline V capped(const V s, const T scale, const T softcap) {
  const V x = s * scale;
  return softcap > 0 ? softcap * tanh(x / softcap) : x;
}
inline V cap_slope(const V s, const T softcap) {
  const V x = s / softcap;
  return softcap > 0 ? 1 - x * x : (V) (1);
}

inline V higher(const V x, const V y) { return isnan(x) | (x > y) ? x : y; }

// Scores of queries i, i + 1, .. with key j (`isKeys`: of query i with keys j, j + 1, ..), with what is added to those
// that are seen; -infinity in the others. `runs` are those of the lanes (of the query).
inline V finished(const Pairs* p, const V s, const long i, const long j, const long4* runs, const bool isKeys,
                  const long count) {
  T some[LANES];
  STORE(s, some);
  for (int l = 0; l < LANES; l++) {
    const long q = isKeys ? i : i + l;
    const long k = isKeys ? j + l : j;
    if (l >= count || !is_in(runs[isKeys ? 0 : l], k) || (SOME_HIDDEN && !is_open(p, q, k))) some[l] = LOWEST;
    else if (SOME_ADDED) some[l] += added(p, q, k);
  }
  return LOAD(some);
}

// What probabilities are multiplied with.
inline V weights(const Pairs* p, const long i, const long j, const bool isKeys, const long count) {
  T some[LANES];
  for (int l = 0; l < LANES; l++) {
    const long q = isKeys ? i : i + l;
    const long k = isKeys ? j + l : j;
    some[l] = l < count ? kept_of(p, q, k) * factor_of(p, q, k) : (T) 0;
  }
  return LOAD(some);
}

// The runs of queries i, i + 1, ..; the keys [s0, s1) that one of them sees, and those [s2, s3) that all do.
inline long4 bounds(const Pairs* p, const long i, const long lanes, long4* runs) {
  long4 b = (long4) (p->sk, 0, 0, lanes < LANES ? 0 : p->sk);
  for (int l = 0; l < LANES; l++) {
    const long4 r = l < lanes ? seen_runs(p, i + l) : (long4) (0);
    runs[l] = r;
    if (l >= lanes) continue;
    if (r.s0 < r.s1) b.s0 = min(b.s0, r.s0);
    if (r.s2 < r.s3) b.s0 = min(b.s0, r.s2);
    b.s1 = max(b.s1, max(r.s1, r.s3));
    b.s2 = max(b.s2, r.s2);
    b.s3 = min(b.s3, r.s3);
  }
  return b;
}

// Whether runs and [j, end) have keys in common.
inline bool meets(const long4 r, const long j, const long end) {
  return (max(r.s0, j) < min(r.s1, end)) || (max(r.s2, j) < min(r.s3, end));
}
inline bool one_meets(const long4* runs, const long j, const long end) {
  for (int l = 0; l < LANES; l++) {
    if (meets(runs[l], j, end)) return true;
  }
  return false;
}

#define ROWS(i) ((p.b * heads + p.h) * sq + (i))
#define KEY_ROWS(j) ((p.b * (heads / group) + p.h / group) * sk + (j))
#define QUERY_BLOCK \
  const long blocks = (sq + LANES - 1) / LANES; \
  const long i = get_global_id(0) % blocks * LANES; \
  const long head = get_global_id(0) / blocks; \
  if (head >= batches * heads) return; \
  PAIRS(p, head / heads, head % heads) \
  const long lanes = min((long) LANES, sq - i)
