package dev.gatun.op.random;

import static dev.gatun.op.random.Piece.FIRST;
import static dev.gatun.op.random.Piece.NUMBERS;
import static dev.gatun.op.random.Piece.RESULT;
import static dev.gatun.op.random.Piece.SECOND;
import static dev.gatun.op.random.Random.BLOCK;

import dev.gatun.cpu.simd.Convert;
import dev.gatun.cpu.simd.PhiloxLanes;
import dev.gatun.cpu.simd.RandomLanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Vector forms of [Uniform], [Normal] and [RandomInt]: piece by piece the words of blocks, one
/// half of each in a row of its own, the numbers that both rows make, then these in turn.
final class RandomSimd {
  static final Workers.Body UNIFORM = RandomSimd::uniform;
  static final Workers.Body NORMAL = RandomSimd::normal;
  static final Workers.Body RANDOM_INT = RandomSimd::randomInt;

  private RandomSimd() {}

  private static void words(Call c, long at, int perBlock, int n, long s) {
    MemorySegment x = c.scratch();
    PhiloxLanes.count(at / perBlock, n, x, s + NUMBERS);
    PhiloxLanes.words(c.registers()[0], 0, n, x, s + NUMBERS, s + FIRST, s + SECOND);
  }

  private static void uniform(Call c, long phase, int block, int worker) {
    boolean f32 = c.dtype() == DType.F32;
    int perBlock = f32 ? 4 : 2;
    long s = Piece.at(worker);
    long end = Random.end(c, block);
    for (long at = (long) block * BLOCK; at < end; at += Piece.BLOCKS * perBlock) {
      int n = Piece.elems(c, block, at, perBlock);
      int blocks = Piece.blocks(n, perBlock);
      words(c, at, perBlock, blocks, s);
      // Between the rows lies what a last piece does not use.
      if (f32) {
        RandomLanes.uniformF32(c.scratch(), s + FIRST, blocks);
        RandomLanes.uniformF32(c.scratch(), s + SECOND, blocks);
      } else {
        RandomLanes.uniformF64(c.scratch(), s + FIRST, blocks);
        RandomLanes.uniformF64(c.scratch(), s + SECOND, blocks);
      }
      store(c, at, n, blocks, s);
    }
  }

  private static void normal(Call c, long phase, int block, int worker) {
    MemorySegment x = c.scratch();
    long s = Piece.at(worker);
    long end = Random.end(c, block);
    for (long at = (long) block * BLOCK; at < end; at += Piece.BLOCKS * 2) {
      int n = Piece.elems(c, block, at, 2);
      int blocks = Piece.blocks(n, 2);
      words(c, at, 2, blocks, s);
      RandomLanes.uniformF64(x, s + FIRST, blocks);
      RandomLanes.uniformF64(x, s + SECOND, blocks);
      RandomLanes.log(x, s + FIRST, blocks);
      RandomLanes.turn(x, s + FIRST, s + SECOND, blocks);
      if (c.dtype() == DType.F32) {
        RandomLanes.zip(x, s + FIRST, s + SECOND, blocks, x, s + RESULT);
        Convert.f64ToF32(x, s + RESULT, c.out(0), at * 4, n);
      } else {
        store(c, at, n, blocks, s);
      }
    }
  }

  private static void randomInt(Call c, long phase, int block, int worker) {
    MemorySegment x = c.scratch();
    long low = c.registers()[1];
    long range = c.registers()[2];
    long s = Piece.at(worker);
    long end = Random.end(c, block);
    for (long at = (long) block * BLOCK; at < end; at += Piece.BLOCKS * 2) {
      int n = Piece.elems(c, block, at, 2);
      int blocks = Piece.blocks(n, 2);
      words(c, at, 2, blocks, s);
      RandomLanes.scale(x, s + FIRST, blocks, low, range);
      RandomLanes.scale(x, s + SECOND, blocks, low, range);
      if (c.dtype() == DType.I64) {
        store(c, at, n, blocks, s);
      } else {
        RandomLanes.zipHalves(x, s + FIRST, s + SECOND, blocks, x, s + RESULT);
        MemorySegment.copy(x, s + RESULT, c.out(0), at * 4, n * 4L);
      }
    }
  }

  /// Both rows in turn, of which the result takes `n` elements.
  private static void store(Call c, long at, int n, int blocks, long s) {
    MemorySegment x = c.scratch();
    int size = c.dtype().bytes();
    if (n * size == blocks * 16) {
      RandomLanes.zip(x, s + FIRST, s + SECOND, blocks, c.out(0), at * size);
    } else {
      RandomLanes.zip(x, s + FIRST, s + SECOND, blocks, x, s + RESULT);
      MemorySegment.copy(x, s + RESULT, c.out(0), at * size, (long) n * size);
    }
  }
}
