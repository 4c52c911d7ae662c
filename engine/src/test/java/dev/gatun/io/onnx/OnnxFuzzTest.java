package dev.gatun.io.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Any bytes, read as a model: one `IOException`, or a model that runs or refuses its inputs by one
/// exception; in the end nothing is allocated.
final class OnnxFuzzTest {
  private static final CpuDevice.Options SMALL =
      CpuDevice.Options.standard().withThreads(1).withMemoryLimit(1 << 20);

  @FuzzTest(maxDuration = "5m")
  void anyBytes(byte[] bytes) {
    try (CpuDevice cpu = CpuDevice.open(SMALL)) {
      check(cpu, bytes);
      assertEquals(0, cpu.memory().liveBytes());
    }
  }

  private static void check(CpuDevice cpu, byte[] bytes) {
    try (OnnxModel model = OnnxModel.read(MemorySegment.ofArray(bytes), "fuzz.onnx", cpu);
        Scope scope = cpu.scope()) {
      model.run(scope, inputs(model.inputs(), scope));
    } catch (IOException e) {
      assertTrue(String.valueOf(e.getMessage()).contains("fuzz.onnx"), e::toString);
    } catch (IllegalArgumentException e) {
      assertTrue(e.getMessage() != null, e::toString);
    } catch (IllegalStateException e) {
      assertTrue(
          String.valueOf(e.getMessage()).startsWith("CpuDevice: out of memory"), e::toString);
    }
  }

  /// Zeros of the types and sizes that the model names, 2 where a size may vary.
  private static Map<String, Tensor> inputs(List<OnnxModel.Port> ports, Scope scope) {
    Map<String, Tensor> in = new LinkedHashMap<>();
    for (OnnxModel.Port p : ports) {
      long[] dims =
          p.dims().orElse(List.of()).stream()
              .mapToLong(d -> d.matches("\\d{1,3}") ? Long.parseLong(d) : 2)
              .toArray();
      DType type = p.type().equals("?") ? DType.F32 : ElementType.valueOf(p.type()).carrier();
      in.put(p.name(), scope.zeros(type, Shape.of(dims)));
    }
    return in;
  }
}
