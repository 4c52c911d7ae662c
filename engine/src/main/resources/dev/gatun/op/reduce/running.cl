// Running totals along an axis of n elements, `inner` apart; a work-item goes through WIDTH neighbouring runs. Totals
// are doubles where the device has them: their error does not grow with the axis.
#ifdef cl_khr_fp64
#define S double
#else
#define S T
#endif

// JOIN of the total `s` and the element `x`; IDENTITY is the total of nothing. A run is cut into pieces, whose totals
// `totals` finds, `starts` adds up and `apply` goes on from; a run of one piece starts with the identity.
#define COLUMNS \
  const long tiles = (inner + WIDTH - 1) / WIDTH; \
  const long outer = get_global_id(0) / tiles; \
  if (outer >= outers) return; \
  const long first = get_global_id(0) % tiles * WIDTH; \
  const long width = min((long) WIDTH, inner - first); \
  const long at = outer * n * inner + first

#ifdef JOIN
#define ROW(i) (at + (REVERSE ? n - 1 - (i) : (i)) * inner)
inline S join(const S s, const S x) { return JOIN; }

kernel void totals(
    IN(T, x), __global char* states_, const long statesAt, const long outers, const long n, const long inner,
    const long length) {
  OPEN(T, x);
  __global S* states = (__global S*) (states_ + statesAt);
  COLUMNS;
  S s[WIDTH];
  for (long c = 0; c < width; c++) s[c] = IDENTITY;
  const long piece = get_global_id(1);
  for (long i = piece * length; i < min(n, (piece + 1) * length); i++) {
    const long row = ROW(i);
    for (long c = 0; c < width; c++) s[c] = join(s[c], x[row + c]);
  }
  for (long c = 0; c < width; c++) states[(piece * outers + outer) * inner + first + c] = s[c];
}

kernel void starts(__global char* states_, const long statesAt, const long runs, const long pieces) {
  __global S* states = (__global S*) (states_ + statesAt);
  const long run = get_global_id(0);
  if (run >= runs) return;
  S s = IDENTITY;
  for (long p = 0; p < pieces; p++) {
    const S next = join(s, states[p * runs + run]);
    states[p * runs + run] = s;
    s = next;
  }
}

kernel void apply(
    IN(T, x), OUT(T, y), __global const char* states_, const long statesAt, const long outers, const long n,
    const long inner, const long length, const long pieces) {
  OPEN(T, x);
  OPEN_OUT(T, y);
  __global const S* states = (__global const S*) (states_ + statesAt);
  COLUMNS;
  S s[WIDTH];
  const long piece = get_global_id(1);
  for (long c = 0; c < width; c++) {
    s[c] = pieces > 1 ? states[(piece * outers + outer) * inner + first + c] : (S) (IDENTITY);
  }
  for (long i = piece * length; i < min(n, (piece + 1) * length); i++) {
    const long row = ROW(i);
    for (long c = 0; c < width; c++) {
      const S next = join(s[c], x[row + c]);
      y[row + c] = EXCLUSIVE ? s[c] : next;
      s[c] = next;
    }
  }
}
#else
// The greatest so far, NaN above all, and where it stood last.
kernel void highest(
    IN(T, x), OUT(T, y), OUT(long, places), const long outers, const long n, const long inner) {
  OPEN(T, x);
  OPEN_OUT(T, y);
  OPEN_OUT(long, places);
  COLUMNS;
  T s[WIDTH];
  long place[WIDTH];
  for (long c = 0; c < width; c++) {
    s[c] = LOWEST;
    place[c] = 0;
  }
  for (long i = 0; i < n; i++) {
    const long row = at + i * inner;
    for (long c = 0; c < width; c++) {
      const T v = x[row + c];
      s[c] = isnan(s[c]) || s[c] > v || (s[c] == v && v == 0 && !signbit(s[c])) ? s[c] : v;
      place[c] = v == s[c] || isnan(v) ? i : place[c];
      y[row + c] = s[c];
      places[row + c] = place[c];
    }
  }
}

// dx of running products: sums of what comes behind, Horner's way, times the product of what comes before.
kernel void products_back(
    IN(T, x), IN(T, dy), OUT(T, dx), const long outers, const long n, const long inner) {
  OPEN(T, x);
  OPEN(T, dy);
  OPEN_OUT(T, dx);
  COLUMNS;
  S s[WIDTH];
  for (long c = 0; c < width; c++) s[c] = 0;
  for (long i = n - 1; i >= 0; i--) {
    const long row = at + i * inner;
    for (long c = 0; c < width; c++) {
      s[c] = dy[row + c] + (i == n - 1 ? 0 : x[row + inner + c] * s[c]);
      dx[row + c] = s[c];
    }
  }
  for (long c = 0; c < width; c++) s[c] = 1;
  for (long i = 0; i < n; i++) {
    const long row = at + i * inner;
    for (long c = 0; c < width; c++) {
      dx[row + c] *= s[c];
      s[c] *= x[row + c];
    }
  }
}
#endif
