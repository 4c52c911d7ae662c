package dev.gatun.op.math;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;

/// Blocks of an op that takes floats, integers and perhaps bytes, by the type of its first input.
record TypedSimd(Workers.Body floats, Workers.Body integers, Workers.Body bytes)
    implements Workers.Body {
  @Override
  public void run(Call c, long phase, int block, int worker) {
    Workers.Body body =
        switch (c.dtype()) {
          case F32, F64 -> floats;
          case I32, I64 -> integers;
          case I8, U8, BOOL -> bytes;
          case BF16, F16 ->
              throw new IllegalArgumentException("elementwise: no loop for " + c.dtype());
        };
    body.run(c, phase, block, worker);
  }

  /// For an op without a byte form, whose `infer` keeps bytes out.
  static TypedSimd numbers(Workers.Body floats, Workers.Body integers) {
    return new TypedSimd(floats, integers, integers);
  }
}
