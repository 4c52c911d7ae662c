// Reductions along any axes, by pieces of fixed size: `pieces` leaves one state for each piece and result, `finish`
// joins them in order. The pieces depend on the shape only, so results do not depend on the number of compute units.
//
// TERM maps an element x (with the finished result `a` of an earlier reduction, and its place `i`) to a state; JOIN
// joins states; IDENTITY is the state of nothing; FINISH makes the result of a state `s`, of `n` elements, `a`
// and the attribute `b`. T is the type of elements, S of states, P of earlier
// results and F of those made.
#if LANES > 1
#define SV CAT(S, LANES)
#define PV CAT(P, LANES)
#define FV CAT(F, LANES)
#if LANES == 16
#define IOTA ((SV)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#else
#define IOTA ((SV)(0, 1, 2, 3, 4, 5, 6, 7))
#endif
#else
#define SV S
#define PV P
#define FV F
#define IOTA 0
#endif
#define STATES(x) CAT(convert_, SV)(x)
#define RESULTS(x) CAT(convert_, FV)(x)
#define HIGHER(x, y) (isnan(x) | ((x) > (y)) | (((x) == (y)) & ((x) == 0) & (signbit(y) != 0)) ? (x) : (y))
#define LOWER(x, y) (isnan(x) | ((x) < (y)) | (((x) == (y)) & ((x) == 0) & (signbit(x) != 0)) ? (x) : (y))

inline SV term(V x, PV a, SV i, P b) { return TERM; }
inline SV join(SV x, SV y) { return JOIN; }
inline FV finished(SV s, PV a, P n, P b) { return FINISH; }

inline long offset(long i, const long axes, const long* sizes, const long* strides) {
  long at = 0;
  for (int k = 0; k < axes; k++) {
    at += i % sizes[k] * strides[k];
    i /= sizes[k];
  }
  return at;
}

#if LANES > 1
inline SV lanes_joined(SV v) {
  S twice[2 * LANES];
  for (int shift = LANES / 2; shift > 0; shift /= 2) {
    STORE(v, twice);
    STORE(v, twice + LANES);
    v = join(v, LOAD(twice + shift));
  }
  return v;
}
#endif

// Results lie under kept axes `ks` (strides `kt`), those that are read together under the last of them in COLUMNS.
// What is reduced are runs of `n` elements with stride `step` under axes `rs` (strides `rt`), each cut into `cuts` of
// `length`; a piece is `units` cuts. A work-item makes `per` results. A GPU's pieces of single runs are interleaved.
kernel void pieces(
    IN(T, x), __global const char* priors, const long priorAt, __global char* states, const long statesAt,
    const long outs, const long per, const long kept, const long16 ks, const long16 kt, const long n, const long step,
    const long reduced, const long16 rs, const long16 rt, const long rows, const long cuts, const long length,
    const long units, const P b) {
  OPEN(T, x);
  __global const P* prior = (__global const P*) (priors + priorAt);
  ARRAY16(keptSizes, ks);
  ARRAY16(keptStrides, kt);
  ARRAY16(sizes, rs);
  ARRAY16(strides, rt);
  const long piece = get_global_id(INTERLEAVED ? 0 : 1);
  if (piece * units >= max(rows * cuts, 1L)) return;
  __global S* state = (__global S*) (states + statesAt) + piece * outs;
  const long first = get_global_id(INTERLEAVED ? 1 : 0) * per;
#if COLUMNS
  // `per` is LANES at most, within the last kept axis, whose tiles are counted.
  const long width = keptSizes[0];
  const long tiles = (width + LANES - 1) / LANES;
  const long row = get_global_id(0) / tiles;
  const long column = get_global_id(0) % tiles * LANES;
  const long o = row * width + column;
  if (o >= outs) return;
  const int count = (int) min((long) LANES, width - column);
  __global const T* base = x + column + offset(row, kept - 1, keptSizes + 1, keptStrides + 1);
  SV total = (SV) (IDENTITY);
  PV a = 0;
  T part[LANES] = {0};
  P few[LANES] = {0};
  S some[LANES];
  if (HAS_PRIOR) {
    for (int j = 0; j < count; j++) few[j] = prior[o + j];
    a = LOAD(few);
  }
  for (long u = piece * units; u < min((piece + 1) * units, rows * cuts); u++) {
    const long from = u % cuts * length;
    const long end = min(n, from + length);
    __global const T* at = base + offset(u / cuts, reduced, sizes, strides);
    if (count == LANES) {
      for (long i = from; i < end; i++) total = join(total, term(LOAD(at + i * step), a, (SV) (i), b));
    } else {
      for (long i = from; i < end; i++) {
        for (int j = 0; j < count; j++) part[j] = at[i * step + j];
        total = join(total, term(LOAD(part), a, (SV) (i), b));
      }
    }
  }
  STORE(total, some);
  for (int j = 0; j < count; j++) state[o + j] = some[j];
#else
  for (long o = first; o < min(outs, first + per); o++) {
    __global const T* base = x + offset(o, kept, keptSizes, keptStrides);
    const PV a = HAS_PRIOR ? (PV) (prior[o]) : (PV) (0);
    SV total = (SV) (IDENTITY);
    SV other = (SV) (IDENTITY);
#if INTERLEAVED
    const long end = rows * n;
    for (long i = piece; i < end; i += cuts) {
      const long r = i / n;
      total = join(total, term(base[offset(r, reduced, sizes, strides) + (i - r * n) * step], a, i - r * n, b));
    }
#else
    for (long u = piece * units; u < min((piece + 1) * units, rows * cuts); u++) {
      long i = u % cuts * length;
      const long end = min(n, i + length);
      __global const T* at = base + offset(u / cuts, reduced, sizes, strides);
      for (; i + 2 * LANES <= end; i += 2 * LANES) {
        total = join(total, term(LOAD(at + i), a, IOTA + (SV) (i), b));
        other = join(other, term(LOAD(at + i + LANES), a, IOTA + (SV) (i + LANES), b));
      }
#if LANES > 1
      for (; i < end; i += LANES) {
        const int count = (int) min((long) LANES, end - i);
        T part[LANES] = {0};
        S some[LANES];
        for (int j = 0; j < count; j++) part[j] = at[i + j];
        STORE(term(LOAD(part), a, IOTA + (SV) (i), b), some);
        for (int j = count; j < LANES; j++) some[j] = IDENTITY;
        total = join(total, LOAD(some));
      }
#else
      for (; i < end; i++) total = join(total, term(at[i], a, i, b));
#endif
    }
#endif
    total = join(total, other);
#if LANES > 1
    state[o] = lanes_joined(total).s0;
#else
    state[o] = total;
#endif
  }
#endif
}

inline FV result(__global const S* state, const long o, const int count, const long outs, const long pieces, PV a,
                 const P n, const P b) {
  SV total = (SV) (IDENTITY);
  SV lost = 0;
  S some[LANES] = {0};
  for (long p = 0; p < pieces; p++) {
    for (int j = 0; j < count; j++) some[j] = state[p * outs + o + j];
    SV s = LOAD(some);
#ifdef IS_SUM
    // Kahan's: the number of pieces grows with the operand.
    SV y = s - lost;
    SV sum = total + y;
    lost = isfinite(sum) ? (sum - total) - y : (SV) (0);
    total = sum;
#else
    total = join(total, s);
#endif
  }
  return finished(total, a, n, b);
}

// `y` gets the results, or `later` where another reduction goes on with them. `per` is a multiple of LANES.
#ifdef IS_LAST
kernel void finish(
    OUT(F, y), __global const char* priors, const long priorAt, __global char* states, const long statesAt,
    const long outs, const long per, const long pieces, const P n, const P b) {
  OPEN_OUT(F, y);
#else
kernel void finish(
    __global char* later, const long laterAt, __global const char* priors, const long priorAt, __global char* states,
    const long statesAt, const long outs, const long per, const long pieces, const P n, const P b) {
  __global F* y = (__global F*) (later + laterAt);
#endif
  __global const S* state = (__global const S*) (states + statesAt);
  __global const P* prior = (__global const P*) (priors + priorAt);
  const long first = get_global_id(0) * per;
  P some[LANES] = {0};
  F results[LANES];
  for (long o = first; o < min(outs, first + per); o += LANES) {
    const int count = (int) min((long) LANES, outs - o);
    if (HAS_PRIOR) {
      for (int j = 0; j < count; j++) some[j] = prior[o + j];
    }
    STORE(result(state, o, count, outs, pieces, LOAD(some), n, b), results);
    for (int j = 0; j < count; j++) y[o + j] = results[j];
  }
}
