// Attention, behind tile.cl: running softmaxes over tiles of keys; scores are never kept.
kernel void attention(
    IN(T, q), IN(T, k), IN(T, v), OUT(T, o), OUT(T, lse), OUT(T, greatest), OUT(T, top_), OUT(T, total_),
    const long logits, PAIRS_IN) {
  QUERY_BLOCK;
  __global const T* keys = OPERAND(k) + KEY_ROWS(0) * d;
  __global const T* values = OPERAND(v) + KEY_ROWS(0) * dv;
  V pack[WIDE];
  V acc[WIDE];
  V s[TILE];
  V w[TILE];
  long4 runs[LANES];
  pack_rows(pack, OPERAND(q) + ROWS(i) * d, d, lanes);
  for (long e = 0; e < dv; e++) acc[e] = 0;
#ifdef SINK
  const V sink = (V) (OPERAND(sinks)[p.h]);
  V m = sink;
#else
  V m = (V) (LOWEST);
#endif
  V sum = 0;
  const long4 b = bounds(&p, i, lanes, runs);
  for (long j = b.s0 / TILE * TILE; j < b.s1; j += TILE) {
    const long begin = max(j, b.s0);
    const long end = min(j + TILE, b.s1);
    const int count = (int) (end - begin);
    if (!one_meets(runs, begin, end)) continue;
    const bool whole = !SOME_HIDDEN && begin >= b.s2 && end <= b.s3;
    products(pack, keys + begin * d, d, count, s);
    V most = m;
    V least = m;
    for (int u = 0; u < count; u++) {
      s[u] = capped(s[u], scale, softcap);
      if (SOME_ADDED || !whole) s[u] = finished(&p, s[u], i, begin + u, runs, false, lanes);
      most = higher(s[u], most);
      least = s[u] < least ? s[u] : least;
    }
    const V near = most == LOWEST ? ZERO : most;
    if (!ALL(most == m)) {
      const V shrink = m == LOWEST ? ZERO : exp(m - near);
      sum *= shrink;
      for (long e = 0; e < dv; e++) acc[e] *= shrink;
      m = most;
    }
    V part = 0;
    for (int u = 0; u < count; u++) {
      w[u] = s[u] == LOWEST ? ZERO : exp(s[u] - near);
      part += w[u];
      if (SOME_WEIGHED) w[u] *= weights(&p, i, begin + u, false, lanes);
    }
    sum += part;
    if (!whole || ANY(least == LOWEST)) weigh_seen(acc, w, s, values + begin * dv, dv, count);
    else weigh(acc, w, values + begin * dv, dv, count);
  }
  const V top = m == LOWEST ? ZERO : m;
#ifdef SINK
  sum += sink == LOWEST ? ZERO : exp(sink - top);
#endif
  T counting[LANES];
  for (int l = 0; l < LANES; l++) counting[l] = i + l < p.queries ? 1 : 0;
  const V counts = LOAD(counting);
  for (long e = 0; e < dv; e++) acc[e] = (sum == ZERO) | (counts == ZERO) ? ZERO : acc[e] / sum;
  put_rows(acc, OPERAND(o) + ROWS(i) * dv, dv, lanes);
  put(sum == ZERO ? (V) (LOWEST) : top + log(sum), OPERAND(lse) + ROWS(i), lanes);
  if (logits) put(m, OPERAND(greatest) + ROWS(i), lanes);
  put(top, OPERAND(top_) + ROWS(i), lanes);
  put(sum, OPERAND(total_) + ROWS(i), lanes);
}
