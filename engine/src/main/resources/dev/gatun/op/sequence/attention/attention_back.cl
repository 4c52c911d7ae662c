// Gradients of attention, behind tile.cl: scores are computed again, from the softmax's greatest score and sum.

// delta = do o - dlse for each query.
kernel void deltas(
    IN(T, dy), IN(T, o), IN(T, dlse), __global char* deltas_, const long deltasAt, const long n, const long dv,
    const long has_lse) {
  const long row = get_global_id(0);
  if (row >= n) return;
  __global const T* a = OPERAND(dy) + row * dv;
  __global const T* b = OPERAND(o) + row * dv;
  T s = 0;
  for (long e = 0; e < dv; e++) s = fma(a[e], b[e], s);
  ((__global T*) (deltas_ + deltasAt))[row] = has_lse ? s - OPERAND(dlse)[row] : s;
}

#define DELTAS ((__global const T*) (deltas_ + deltasAt))
#define BACK_IN \
  IN(T, dy), IN(T, q), IN(T, k), IN(T, v), IN(T, top_), IN(T, total_), __global const char* deltas_, \
  const long deltasAt

// exp(s - top) / total; 0 where a pair is hidden.
inline V probability(const V s, const V top, const V total) { return s == LOWEST ? ZERO : exp(s - top) / total; }

#ifndef OF_OPERANDS
kernel void query_back(BACK_IN, OUT(T, dq), PAIRS_IN) {
  QUERY_BLOCK;
  __global const T* keys = OPERAND(k) + KEY_ROWS(0) * d;
  __global const T* values = OPERAND(v) + KEY_ROWS(0) * dv;
  V pack[WIDE];
  V dpack[WIDE];
  V acc[WIDE];
  V s[TILE];
  V x[TILE];
  long4 runs[LANES];
  pack_rows(pack, OPERAND(q) + ROWS(i) * d, d, lanes);
  // Queries beyond the length have no gradient of their result.
  pack_rows(dpack, OPERAND(dy) + ROWS(i) * dv, dv, min(lanes, p.queries - i));
  for (long e = 0; e < d; e++) acc[e] = 0;
  const V top = take(OPERAND(top_) + ROWS(i), lanes);
  const V total = take(OPERAND(total_) + ROWS(i), lanes);
  const V delta = take(DELTAS + ROWS(i), lanes);
  const long4 b = bounds(&p, i, lanes, runs);
  for (long j = b.s0 / TILE * TILE; j < b.s1; j += TILE) {
    const long begin = max(j, b.s0);
    const long end = min(j + TILE, b.s1);
    const int count = (int) (end - begin);
    if (!one_meets(runs, begin, end)) continue;
    const bool whole = !SOME_HIDDEN && begin >= b.s2 && end <= b.s3;
    products(pack, keys + begin * d, d, count, s);
    products(dpack, values + begin * dv, dv, count, x);
    bool hidden = !whole;
    for (int u = 0; u < count; u++) {
      const V cap = capped(s[u], scale, softcap);
      s[u] = SOME_ADDED || !whole ? finished(&p, cap, i, begin + u, runs, false, lanes) : cap;
      s[u] = total == ZERO ? (V) (LOWEST) : s[u];
      hidden = hidden || ANY(s[u] == LOWEST);
      if (SOME_WEIGHED) x[u] *= weights(&p, i, begin + u, false, lanes);
      x[u] = probability(s[u], top, total) * (x[u] - delta) * cap_slope(cap, softcap) * scale;
    }
    if (hidden) weigh_seen(acc, x, s, keys + begin * d, d, count);
    else weigh(acc, x, keys + begin * d, d, count);
  }
  put_rows(acc, OPERAND(dq) + ROWS(i) * d, d, lanes);
}

// Lanes are keys; the queries of all heads that share them come one after the other.
kernel void key_back(BACK_IN, OUT(T, dk), OUT(T, dvalues), PAIRS_IN) {
  const long blocks = (sk + LANES - 1) / LANES;
  const long j = get_global_id(0) % blocks * LANES;
  const long row = get_global_id(0) / blocks;
  const long key_heads = heads / group;
  if (row >= batches * key_heads) return;
  const long lanes = min((long) LANES, sk - j);
  V pack[WIDE];
  V vpack[WIDE];
  V acc[WIDE];
  V vacc[WIDE];
  V s[TILE];
  V w[TILE];
  V x[TILE];
  long4 runs[TILE];
  pack_rows(pack, OPERAND(k) + (row * sk + j) * d, d, lanes);
  pack_rows(vpack, OPERAND(v) + (row * sk + j) * dv, dv, lanes);
  for (long e = 0; e < d; e++) acc[e] = 0;
  for (long e = 0; e < dv; e++) vacc[e] = 0;
  for (long g = 0; g < group; g++) {
    PAIRS(p, row / key_heads, row % key_heads * group + g)
    for (long first = 0; first < sq; first += TILE) {
      // The queries from the first to the last one that sees one of the keys.
      const int most = (int) min((long) TILE, sq - first);
      int from = most;
      int to = 0;
      bool whole = !SOME_HIDDEN && lanes == LANES;
      for (int u = 0; u < most; u++) {
        const long4 r = seen_runs(&p, first + u);
        if (meets(r, j, j + lanes)) {
          from = min(from, u);
          to = u + 1;
        }
      }
      if (from >= to) continue;
      const long i = first + from;
      const int count = to - from;
      const int counted = (int) clamp(p.queries - i, 0L, (long) count);
      __global const T* queries = OPERAND(q) + ROWS(i) * d;
      __global const T* dys = OPERAND(dy) + ROWS(i) * dv;
      for (int u = 0; u < count; u++) {
        runs[u] = seen_runs(&p, i + u);
        whole = whole && runs[u].s2 <= j && runs[u].s3 >= j + lanes;
      }
      products(pack, queries, d, count, s);
      products(vpack, dys, dv, counted, x);
      bool hidden = !whole;
      for (int u = 0; u < count; u++) {
        const V top = (V) (OPERAND(top_)[ROWS(i) + u]);
        const V total = (V) (OPERAND(total_)[ROWS(i) + u]);
        const V cap = capped(s[u], scale, softcap);
        s[u] = SOME_ADDED || !whole ? finished(&p, cap, i + u, j, runs + u, true, lanes) : cap;
        s[u] = total == ZERO ? (V) (LOWEST) : s[u];
        hidden = hidden || ANY(s[u] == LOWEST);
        const V weight = SOME_WEIGHED ? weights(&p, i + u, j, true, lanes) : (V) (1);
        const V share = probability(s[u], top, total);
        const V product = u < counted ? x[u] : ZERO;
        x[u] = share * (product * weight - DELTAS[ROWS(i) + u]) * cap_slope(cap, softcap) * scale;
        w[u] = share * weight;
      }
      if (hidden) {
        weigh_seen(acc, x, s, queries, d, count);
        weigh_seen(vacc, w, s, dys, dv, counted);
      } else {
        weigh(acc, x, queries, d, count);
        weigh(vacc, w, dys, dv, counted);
      }
    }
  }
  put_rows(acc, OPERAND(dk) + (row * sk + j) * d, d, lanes);
  put_rows(vacc, OPERAND(dvalues) + (row * sk + j) * dv, dv, lanes);
}
#else
// Gradients of operands: a work-item adds up all pairs that an element takes part in, each computed once more.
#define PAIR(i, j) \
  pair_back(&p, OPERAND(dy) + ROWS(i) * dv, OPERAND(q) + ROWS(i) * d, OPERAND(k) + KEY_ROWS(j) * d, \
            OPERAND(v) + KEY_ROWS(j) * dv, OPERAND(top_)[ROWS(i)], OPERAND(total_)[ROWS(i)], DELTAS[ROWS(i)], i, j, d, \
            dv, scale, softcap)

// The gradients of the score and of the factor.
inline CAT(T, 2) pair_back(
    const Pairs* p, __global const T* dy, __global const T* q, __global const T* k, __global const T* v, const T top,
    const T total, const T delta, const long i, const long j, const long d, const long dv, const T scale,
    const T softcap) {
  CAT(T, 2) none = 0;
  if (total == 0 || !is_in(seen_runs(p, i), j) || !is_open(p, i, j)) return none;
  T dot = 0;
  for (long e = 0; e < d; e++) dot = fma(q[e], k[e], dot);
  const T s = capped(dot, scale, softcap) + added(p, i, j);
  if (s == LOWEST) return none;
  const T share = exp(s - top) / total;
  T product = 0;
  if (i < p->queries) {
    for (long e = 0; e < dv; e++) product = fma(dy[e], v[e], product);
  }
  const T kept = kept_of(p, i, j);
  return (CAT(T, 2)) (share * (kept * factor_of(p, i, j) * product - delta), share * kept * product);
}

// Of a bias of sizes s0 to s3, which repeats where they are 1.
kernel void bias_back(BACK_IN, OUT(T, dbias), const long16 sizes, PAIRS_IN) {
  const long e = get_global_id(0);
  if (e >= sizes.s0 * sizes.s1 * sizes.s2 * sizes.s3) return;
  const long at_j = e % sizes.s3;
  const long at_i = e / sizes.s3 % sizes.s2;
  const long at_h = e / sizes.s3 / sizes.s2 % sizes.s1;
  const long at_b = e / sizes.s3 / sizes.s2 / sizes.s1;
  T all = 0;
  for (long b = at_b; b < batches; b += sizes.s0 == 1 ? 1 : batches) {
    for (long h = at_h; h < heads; h += sizes.s1 == 1 ? 1 : heads) {
      PAIRS(p, b, h)
      for (long i = at_i; i < sq; i += sizes.s2 == 1 ? 1 : sq) {
        T s = 0;
        for (long j = at_j; j < sk; j += sizes.s3 == 1 ? 1 : sk) s += PAIR(i, j).s0;
        all += s;
      }
    }
  }
  OPERAND(dbias)[e] = all;
}

// Of a table of n distances for each of `own` heads.
kernel void relative_back(BACK_IN, OUT(T, dtable), const long own, const long n, const long isFactor, PAIRS_IN) {
  const long e = get_global_id(0);
  if (e >= own * n) return;
  const long t = e % n;
  T all = 0;
  for (long b = 0; b < batches; b++) {
    for (long h = e / n; h < heads; h += own == 1 ? 1 : heads) {
      PAIRS(p, b, h)
      for (long i = 0; i < sq; i++) {
        const long at = t - n / 2 + position(&p, i);
        T s = 0;
        for (long j = max(0L, t == 0 ? 0L : at); j <= min(sk - 1, t == n - 1 ? sk - 1 : at); j++) {
          const CAT(T, 2) g = PAIR(i, j);
          s += isFactor ? g.s1 : g.s0;
        }
        all += s;
      }
    }
  }
  OPERAND(dtable)[e] = all;
}

kernel void decay_back(BACK_IN, OUT(T, ddecay), PAIRS_IN) {
  const long e = get_global_id(0);
  if (e >= batches * heads * sk) return;
  const long own = e % sk;
  PAIRS(p, e / sk / heads, e / sk % heads)
  T all = 0;
  for (long i = 0; i < sq; i++) {
    if (clamp(position(&p, i), 0L, sk - 1) == own) {
      T s = 0;
      for (long j = 0; j < sk; j++) s += PAIR(i, j).s0;
      all += s;
    }
    all -= PAIR(i, own).s0;
  }
  OPERAND(ddecay)[e] = all;
}

#ifdef SINK
kernel void sink_back(BACK_IN, OUT(T, dsinks), PAIRS_IN) {
  const long h = get_global_id(0);
  if (h >= heads) return;
  const T sink = OPERAND(sinks)[h];
  T all = 0;
  for (long b = 0; b < batches; b++) {
    T s = 0;
    for (long r = (b * heads + h) * sq; r < (b * heads + h + 1) * sq; r++) {
      const T total = OPERAND(total_)[r];
      if (total != 0) s -= exp(sink - OPERAND(top_)[r]) / total * DELTAS[r];
    }
    all += s;
  }
  OPERAND(dsinks)[h] = all;
}
#endif
#endif
