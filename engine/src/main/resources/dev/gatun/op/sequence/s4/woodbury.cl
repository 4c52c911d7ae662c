// A correction of low rank at a node: see Woodbury. Complex numbers are pairs.
#ifdef cl_khr_fp64
#define D double
#else
#define D T
#endif
#define C2 CAT(T, 2)
#define ROWS ((CHANNELS + RANK) * (1 + RANK))
#define M(row, column) r[(row) * (1 + RANK) + (column)]

inline C2 times(const C2 a, const C2 b) { return (C2) (a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }
inline C2 conjugate(const C2 a) { return (C2) (a.x, -a.y); }

inline C2 half_sum(const long k, const long length) {
  const T c = 2 * k == length ? (T) 0 : (T) cospi((D) k / (D) length);
  return (C2) (c * c, -c * (T) sinpi((D) k / (D) length));
}

// X and Y from the matrix r.
inline void solve(const C2* r, const C2 h, C2* x, C2* y) {
  C2 a[RANK][RANK];
  C2 b[RANK][RANK];
  for (int i = 0; i < RANK; i++) {
    for (int j = 0; j < RANK; j++) {
      b[i][j] = (C2) (i == j ? 1 : 0, 0);
      a[i][j] = b[i][j] + times(h, M(CHANNELS + i, 1 + j));
    }
  }
  for (int p = 0; p < RANK; p++) {
    const C2 inverse = conjugate(a[p][p]) / (a[p][p].x * a[p][p].x + a[p][p].y * a[p][p].y);
    for (int j = 0; j < RANK; j++) {
      a[p][j] = times(a[p][j], inverse);
      b[p][j] = times(b[p][j], inverse);
    }
    for (int i = 0; i < RANK; i++) {
      const C2 factor = a[i][p];
      for (int j = 0; j < RANK && i != p; j++) {
        a[i][j] -= times(factor, a[p][j]);
        b[i][j] -= times(factor, b[p][j]);
      }
    }
  }
  for (int i = 0; i < RANK; i++) {
    x[i] = (C2) (0, 0);
    for (int j = 0; j < RANK; j++) x[i] += times(b[i][j], M(CHANNELS + j, 0));
    for (int c = 0; c < CHANNELS; c++) {
      y[c * RANK + i] = (C2) (0, 0);
      for (int j = 0; j < RANK; j++) y[c * RANK + i] += times(M(c, 1 + j), b[j][i]);
    }
  }
}

kernel void woodbury(IN(T, rr), IN(T, ri), OUT(T, yr), OUT(T, yi), const long length) {
  OPEN(T, rr);
  OPEN(T, ri);
  OPEN_OUT(T, yr);
  OPEN_OUT(T, yi);
  const long k = get_global_id(0);
  const long nodes = length / 2 + 1;
  if (k >= nodes) return;
  const long group = get_global_id(1);
  C2 r[ROWS];
  T zero = 0;
  for (int i = 0; i < ROWS; i++) {
    const long at = (group * ROWS + i) * nodes + k;
    r[i] = (C2) (rr[at], ri[at]);
    zero += 0 * r[i].x + 0 * r[i].y;
  }
  const C2 h = half_sum(k, length);
  C2 x[RANK];
  C2 y[RANK * CHANNELS];
  solve(r, h, x, y);
  for (int c = 0; c < CHANNELS; c++) {
    C2 sum = (C2) (0, 0);
    for (int j = 0; j < RANK; j++) sum += times(M(c, 1 + j), x[j]);
    const C2 result = M(c, 0) - times(h, sum);
    yr[(group * CHANNELS + c) * nodes + k] = result.x + zero;
    yi[(group * CHANNELS + c) * nodes + k] = result.y + zero;
  }
}

kernel void woodbury_back(
    IN(T, gr), IN(T, gi), IN(T, rr), IN(T, ri), OUT(T, dr), OUT(T, di), const long length) {
  OPEN(T, gr);
  OPEN(T, gi);
  OPEN(T, rr);
  OPEN(T, ri);
  OPEN_OUT(T, dr);
  OPEN_OUT(T, di);
  const long k = get_global_id(0);
  const long nodes = length / 2 + 1;
  if (k >= nodes) return;
  const long group = get_global_id(1);
  C2 r[ROWS];
  C2 d[ROWS];
  T zero = 0;
  for (int i = 0; i < ROWS; i++) {
    const long at = (group * ROWS + i) * nodes + k;
    r[i] = (C2) (rr[at], ri[at]);
    d[i] = (C2) (0, 0);
    zero += 0 * r[i].x + 0 * r[i].y;
  }
  const C2 h = half_sum(k, length);
  C2 x[RANK];
  C2 y[RANK * CHANNELS];
  solve(r, h, x, y);
  for (int c = 0; c < CHANNELS; c++) {
    const long at = (group * CHANNELS + c) * nodes + k;
    const C2 g = (C2) (gr[at], -gi[at]);
    zero += 0 * g.x + 0 * g.y;
    const C2 hg = times(h, g);
    const C2 hhg = times(h, hg);
    d[c * (1 + RANK)] += g;
    for (int i = 0; i < RANK; i++) {
      d[c * (1 + RANK) + 1 + i] -= times(hg, x[i]);
      d[(CHANNELS + i) * (1 + RANK)] -= times(hg, y[c * RANK + i]);
      for (int j = 0; j < RANK; j++) {
        d[(CHANNELS + i) * (1 + RANK) + 1 + j] += times(times(hhg, y[c * RANK + i]), x[j]);
      }
    }
  }
  for (int i = 0; i < ROWS; i++) {
    const long at = (group * ROWS + i) * nodes + k;
    dr[at] = d[i].x + zero;
    di[at] = zero - d[i].y;
  }
}
