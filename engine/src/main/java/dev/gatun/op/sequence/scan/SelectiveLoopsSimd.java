package dev.gatun.op.sequence.scan;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.SelectiveComplexF32;
import dev.gatun.cpu.simd.SelectiveComplexF64;
import dev.gatun.cpu.simd.SelectiveF32;
import dev.gatun.cpu.simd.SelectiveF64;
import dev.gatun.cpu.simd.SelectiveRowsF32;
import dev.gatun.cpu.simd.SelectiveRowsF64;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// The loops of [SelectiveScan] for one type of elements.
final class SelectiveLoopsSimd {
  private static final SelectiveLoopsSimd F32 = new SelectiveLoopsSimd(true);
  private static final SelectiveLoopsSimd F64 = new SelectiveLoopsSimd(false);

  private final boolean f32;

  private SelectiveLoopsSimd(boolean f32) {
    this.f32 = f32;
  }

  static SelectiveLoopsSimd of(DType t) {
    return t == DType.F32 ? F32 : F64;
  }

  /// Channels in a vector.
  int lanes() {
    return f32 ? Lanes.F32.length() : Lanes.F64.length();
  }

  int bytes() {
    return f32 ? Float.BYTES : Double.BYTES;
  }

  void clear(MemorySegment s, long at, long n) {
    Lanes.clear(s, at * bytes(), n * bytes());
  }

  void set(MemorySegment s, long at, double v) {
    if (f32) {
      s.set(Lanes.FLOAT, at * bytes(), (float) v);
    } else {
      s.set(Lanes.DOUBLE, at * bytes(), v);
    }
  }

  /// Reads rows of `count` channels, `stride` apart, as `[vectors][rows][lanes]`, zeros after them.
  void gather(
      MemorySegment x, long from, long stride, MemorySegment s, long to, int rows, int count) {
    int full = count / lanes();
    int rest = count % lanes();
    long behind = (long) full * lanes();
    if (f32) {
      SelectiveRowsF32.gather(x, from, stride, s, to, rows, full);
    } else {
      SelectiveRowsF64.gather(x, from, stride, s, to, rows, full);
    }
    if (rest > 0 && f32) {
      SelectiveRowsF32.gatherPart(x, from + behind, stride, s, to + behind * rows, rows, rest);
    } else if (rest > 0) {
      SelectiveRowsF64.gatherPart(x, from + behind, stride, s, to + behind * rows, rows, rest);
    }
  }

  /// Writes rows of `count` channels, `stride` apart.
  void scatter(
      MemorySegment s, long from, MemorySegment y, long to, long stride, int rows, int count) {
    int full = count / lanes();
    int rest = count % lanes();
    long behind = (long) full * lanes();
    if (f32) {
      SelectiveRowsF32.scatter(s, from, y, to, stride, rows, full);
    } else {
      SelectiveRowsF64.scatter(s, from, y, to, stride, rows, full);
    }
    if (rest > 0 && f32) {
      SelectiveRowsF32.scatterPart(s, from + behind * rows, y, to + behind, stride, rows, rest);
    } else if (rest > 0) {
      SelectiveRowsF64.scatterPart(s, from + behind * rows, y, to + behind, stride, rows, rest);
    }
  }

  void scale(MemorySegment s, long x, double factor, long to, int n) {
    if (f32) {
      SelectiveRowsF32.scale(s, x, (float) factor, to, n);
    } else {
      SelectiveRowsF64.scale(s, x, factor, to, n);
    }
  }

  void transpose(
      MemorySegment x, long from, long stride, MemorySegment s, long to, int rows, int n) {
    if (f32) {
      SelectiveRowsF32.transpose(x, from, stride, s, to, rows, n);
    } else {
      SelectiveRowsF64.transpose(x, from, stride, s, to, rows, n);
    }
  }

  void softplus(MemorySegment s, long at, int n) {
    if (f32) {
      SelectiveRowsF32.softplus(s, at, n);
    } else {
      SelectiveRowsF64.softplus(s, at, n);
    }
  }

  void slope(MemorySegment s, long y, long d, int n) {
    if (f32) {
      SelectiveRowsF32.slope(s, y, d, n);
    } else {
      SelectiveRowsF64.slope(s, y, d, n);
    }
  }

  void mul(MemorySegment s, long x, long y, long to, int n) {
    if (f32) {
      SelectiveRowsF32.mul(s, x, y, to, n);
    } else {
      SelectiveRowsF64.mul(s, x, y, to, n);
    }
  }

  void addProduct(MemorySegment s, long x, long y, long to, int n) {
    if (f32) {
      SelectiveRowsF32.addProduct(s, x, y, to, n);
    } else {
      SelectiveRowsF64.addProduct(s, x, y, to, n);
    }
  }

  void twiceDifference(MemorySegment s, long y, long x, int n) {
    if (f32) {
      SelectiveRowsF32.twiceDifference(s, y, x, n);
    } else {
      SelectiveRowsF64.twiceDifference(s, y, x, n);
    }
  }

  void gate(MemorySegment s, long y, long z, int n) {
    if (f32) {
      SelectiveRowsF32.gate(s, y, z, n);
    } else {
      SelectiveRowsF64.gate(s, y, z, n);
    }
  }

  void gateSlope(MemorySegment s, long d, long y, long z, int n) {
    if (f32) {
      SelectiveRowsF32.gateSlope(s, d, y, z, n);
    } else {
      SelectiveRowsF64.gateSlope(s, d, y, z, n);
    }
  }

  void addEach(MemorySegment s, long p, long to, int rows, int vectors) {
    if (f32) {
      SelectiveRowsF32.addEach(s, p, to, rows, vectors);
    } else {
      SelectiveRowsF64.addEach(s, p, to, rows, vectors);
    }
  }

  void addEachProduct(MemorySegment s, long x, long p, long to, int rows, int vectors) {
    if (f32) {
      SelectiveRowsF32.addEachProduct(s, x, p, to, rows, vectors);
    } else {
      SelectiveRowsF64.addEachProduct(s, x, p, to, rows, vectors);
    }
  }

  void mulEach(MemorySegment s, long x, long p, long to, int rows) {
    if (f32) {
      SelectiveRowsF32.mulEach(s, x, p, to, rows);
    } else {
      SelectiveRowsF64.mulEach(s, x, p, to, rows);
    }
  }

  void sumEach(MemorySegment s, long x, long p, int rows, int vectors) {
    if (f32) {
      SelectiveRowsF32.sumEach(s, x, p, rows, vectors);
    } else {
      SelectiveRowsF64.sumEach(s, x, p, rows, vectors);
    }
  }

  void dotEach(MemorySegment s, long x, long y, long p, int rows, int vectors) {
    if (f32) {
      SelectiveRowsF32.dotEach(s, x, y, p, rows, vectors);
    } else {
      SelectiveRowsF64.dotEach(s, x, y, p, rows, vectors);
    }
  }

  void largest(MemorySegment s, long x, long to, int rows) {
    if (f32) {
      SelectiveRowsF32.largest(s, x, to, rows);
    } else {
      SelectiveRowsF64.largest(s, x, to, rows);
    }
  }

  void fold(MemorySegment s, long x, MemorySegment y, long to, long stride, int rows) {
    if (f32) {
      SelectiveRowsF32.fold(s, x, y, to, stride, rows);
    } else {
      SelectiveRowsF64.fold(s, x, y, to, stride, rows);
    }
  }

  void sumRows(MemorySegment s, long x, long apart, int k, MemorySegment y, long to, int n) {
    if (f32) {
      SelectiveRowsF32.sumRows(s, x, apart, k, y, to, n);
    } else {
      SelectiveRowsF64.sumRows(s, x, apart, k, y, to, n);
    }
  }

  boolean inRange(MemorySegment s, long a, long largest) {
    return f32 ? SelectiveF32.inRange(s, a, largest) : SelectiveF64.inRange(s, a, largest);
  }

  boolean allInRange(MemorySegment s, long a, long largest, int modes) {
    return f32
        ? SelectiveF32.allInRange(s, a, largest, modes)
        : SelectiveF64.allInRange(s, a, largest, modes);
  }

  void scan(MemorySegment s, long dt, long a, long x, long b, long c, long y, long h, int rows) {
    if (f32) {
      SelectiveF32.scan(s, dt, a, x, b, c, y, h, rows);
    } else {
      SelectiveF64.scan(s, dt, a, x, b, c, y, h, rows);
    }
  }

  void step(MemorySegment s, long dt, long a, long x, long b, long c, long y, long h, int modes) {
    if (f32) {
      SelectiveF32.step(s, dt, a, x, b, c, y, h, modes);
    } else {
      SelectiveF64.step(s, dt, a, x, b, c, y, h, modes);
    }
  }

  void gates(MemorySegment s, long dt, long a, long gate, int rows) {
    if (f32) {
      SelectiveF32.gates(s, dt, a, gate, rows);
    } else {
      SelectiveF64.gates(s, dt, a, gate, rows);
    }
  }

  void anyGates(MemorySegment s, long dt, long a, long gate, int rows) {
    if (f32) {
      SelectiveF32.anyGates(s, dt, a, gate, rows);
    } else {
      SelectiveF64.anyGates(s, dt, a, gate, rows);
    }
  }

  void advance(MemorySegment s, long gate, long x, long b, long c, long y, long h, int rows) {
    if (f32) {
      SelectiveF32.advance(s, gate, x, b, c, y, h, rows);
    } else {
      SelectiveF64.advance(s, gate, x, b, c, y, h, rows);
    }
  }

  void retrace(
      MemorySegment s, long dt, long a, long x, long b, long h, long gate, long states, int rows) {
    if (f32) {
      SelectiveF32.retrace(s, dt, a, x, b, h, gate, states, rows);
    } else {
      SelectiveF64.retrace(s, dt, a, x, b, h, gate, states, rows);
    }
  }

  void trace(MemorySegment s, long gate, long x, long b, long h, long states, int rows) {
    if (f32) {
      SelectiveF32.trace(s, gate, x, b, h, states, rows);
    } else {
      SelectiveF64.trace(s, gate, x, b, h, states, rows);
    }
  }

  void addOutput(MemorySegment s, long x, long c, long y, int rows) {
    if (f32) {
      SelectiveF32.addOutput(s, x, c, y, rows);
    } else {
      SelectiveF64.addOutput(s, x, c, y, rows);
    }
  }

  void back(
      MemorySegment s,
      long dt,
      long a,
      long gate,
      long states,
      long x,
      long b,
      long c,
      long d,
      long up,
      long sums,
      long rates,
      long db,
      long dc,
      long da,
      long g,
      int rows) {
    if (f32) {
      SelectiveF32.back(s, dt, a, gate, states, x, b, c, d, up, sums, rates, db, dc, da, g, rows);
    } else {
      SelectiveF64.back(s, dt, a, gate, states, x, b, c, d, up, sums, rates, db, dc, da, g, rows);
    }
  }

  void turn(MemorySegment s, long dt, long a, long gate, long part, int rows) {
    if (f32) {
      SelectiveComplexF32.turn(s, dt, a, gate, part, rows);
    } else {
      SelectiveComplexF64.turn(s, dt, a, gate, part, rows);
    }
  }

  void advanceTurning(
      MemorySegment s,
      long gate,
      long past,
      long states,
      long part,
      long x,
      long xPart,
      long b,
      long bPart,
      long c,
      long cPart,
      long y,
      long yPart,
      long h,
      long hPart,
      int rows) {
    if (f32) {
      SelectiveComplexF32.advanceTurning(
          s, gate, past, states, part, x, xPart, b, bPart, c, cPart, y, yPart, h, hPart, rows);
    } else {
      SelectiveComplexF64.advanceTurning(
          s, gate, past, states, part, x, xPart, b, bPart, c, cPart, y, yPart, h, hPart, rows);
    }
  }

  void backTurning(
      MemorySegment s,
      long dt,
      long a,
      long da,
      long g,
      long modePart,
      long gate,
      long past,
      long states,
      long part,
      long x,
      long b,
      long bPart,
      long c,
      long cPart,
      long d,
      long dPart,
      long up,
      long upPart,
      long sums,
      long sumsPart,
      long rates,
      long db,
      long dbPart,
      long dc,
      long dcPart,
      int rows) {
    if (f32) {
      SelectiveComplexF32.backTurning(
          s, dt, a, da, g, modePart, gate, past, states, part, x, b, bPart, c, cPart, d, dPart, up,
          upPart, sums, sumsPart, rates, db, dbPart, dc, dcPart, rows);
    } else {
      SelectiveComplexF64.backTurning(
          s, dt, a, da, g, modePart, gate, past, states, part, x, b, bPart, c, cPart, d, dPart, up,
          upPart, sums, sumsPart, rates, db, dbPart, dc, dcPart, rows);
    }
  }
}
