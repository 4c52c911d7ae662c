package dev.gatun.samples.conform;

import dev.gatun.op.linear.Fft;
import dev.gatun.op.linear.FftConv;
import dev.gatun.op.linear.Irfft;
import dev.gatun.op.linear.Rfft;
import dev.gatun.op.shape.Slice;
import dev.gatun.op.shape.Unslice;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `long_conv_fft`: convolutions by transforms, causal, both ways and circular, and the transforms
/// alone.
final class LongConvolution implements Adapter {
  @Override
  public String file() {
    return "long_conv_fft";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "fftconv" -> {
        Tensor y =
            FftConv.of(
                a.in("u"), a.in("k"), a.find("k_rev"), a.find("D"), a.flags().bool("gelu", false));
        yield new Result(FftConv.class, Map.of("y", y));
      }
      case "circular_fft_conv" -> {
        Tensor u = a.in("u");
        Tensor y = FftConv.circular(u, a.in("k"), a.flags().integer("n", u.dim(-1)));
        yield new Result(FftConv.class, Map.of("y", y));
      }
      case "fft" -> transforms(a);
      default -> throw Adapter.missing(op);
    };
  }

  /// All four of one length; `irfft` is that of `rfft(x) (1 + i/2)`.
  private static Result transforms(Arguments a) {
    Tensor x = a.in("x");
    long n = a.flags().integer("n", x.dim(-1));
    List<Tensor> half = new Rfft().apply(x);
    Tensor re = half.get(0);
    Tensor im = half.get(1);
    Tensor back = new Irfft(n).of(re.sub(im.mul(0.5)), im.add(re.mul(0.5)));
    Tensor zr = part(a.in("z"), 0);
    Tensor zi = part(a.in("z"), 1);
    Map<String, Tensor> out = new LinkedHashMap<>();
    out.put("rfft", pair(half));
    out.put("irfft", back);
    out.put("fft", pair(Fft.forward().apply(zr, zi)));
    out.put("ifft", pair(Fft.backward().apply(zr, zi)));
    return new Result(Fft.class, out);
  }

  private static Tensor part(Tensor z, int i) {
    int axis = z.shape().rank() - 1;
    return z.slice(axis, i, i + 1).reshape(z.shape().without(axis).dims());
  }

  /// Real and imaginary parts side by side, as the file has them.
  private static Tensor pair(List<Tensor> z) {
    return place(z.get(0), 0).add(place(z.get(1), 1));
  }

  private static Tensor place(Tensor x, int i) {
    int axis = x.shape().rank();
    long[] dims = Arrays.copyOf(x.shape().dims(), axis + 1);
    dims[axis] = 1;
    Tensor column = x.reshape(dims);
    return new Unslice(new Slice(axis, i, 1, 1), column.shape().with(axis, 2)).of(column);
  }
}
