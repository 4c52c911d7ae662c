package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.ReduceF32;
import dev.gatun.cpu.simd.ReduceF64;
import dev.gatun.device.Workers;

/// Vector form of [Max].
final class MaxSimd {
  static final Workers.Body PASS =
      new PassSimd(
          new PassSimd.Form(
              (x, xAt, y, yAt, begin, end, n, d) ->
                  ReduceF32.maxRows(x, xAt, y, yAt, begin, end, n),
              (x, xAt, stride, y, yAt, rows, n, d) ->
                  ReduceF32.maxColumns(x, xAt, stride, y, yAt, rows, n)),
          new PassSimd.Form(
              (x, xAt, y, yAt, begin, end, n, d) ->
                  ReduceF64.maxRows(x, xAt, y, yAt, begin, end, n),
              (x, xAt, stride, y, yAt, rows, n, d) ->
                  ReduceF64.maxColumns(x, xAt, stride, y, yAt, rows, n)));

  private MaxSimd() {}
}
