package dev.gatun.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.gatun.bindings.opencl.CL;
import dev.gatun.bindings.opencl.OpenClLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// A device that a driver of this machine offers.
///
/// @param platform name of the driver
/// @param name name of the device
/// @param version of the driver
/// @param gpu whether it is a GPU or another accelerator, not the host's processor
record Found(
    MemorySegment platformId,
    MemorySegment id,
    String platform,
    String name,
    String version,
    boolean gpu) {
  private static final int NO_PLATFORM = -1001;

  /// Devices of this machine, GPUs first. A driver that fails has none; the others go on.
  ///
  /// @throws ClException if the loader fails
  static List<Found> all() {
    try (Arena arena = Arena.ofConfined()) {
      if (OpenClLibrary.find(arena).isEmpty()) {
        return List.of();
      }
      MemorySegment count = arena.allocate(JAVA_INT);
      int status = CL.clGetPlatformIDs(0, MemorySegment.NULL, count);
      if (status == NO_PLATFORM || status == 0 && count.get(JAVA_INT, 0) == 0) {
        return List.of();
      }
      Native.check(status, "clGetPlatformIDs");
      int n = count.get(JAVA_INT, 0);
      MemorySegment platforms = arena.allocate(ADDRESS, n);
      Native.check(CL.clGetPlatformIDs(n, platforms, MemorySegment.NULL), "clGetPlatformIDs");
      List<Found> found = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        try {
          found.addAll(devices(arena, platforms.getAtIndex(ADDRESS, i)));
        } catch (ClException broken) {
          // As one without devices.
        }
      }
      found.sort(Comparator.comparing(f -> !f.gpu()));
      return List.copyOf(found);
    }
  }

  private static List<Found> devices(Arena arena, MemorySegment platform) {
    MemorySegment count = arena.allocate(JAVA_INT);
    // All bits of a 64-bit field; the constant of the bindings is an int.
    long all = 0xffffffffL;
    int status =
        SignalGuard.keeping(() -> CL.clGetDeviceIDs(platform, all, 0, MemorySegment.NULL, count));
    int n = count.get(JAVA_INT, 0);
    if (status != 0 || n == 0) {
      // A platform without devices is none.
      return List.of();
    }
    MemorySegment ids = arena.allocate(ADDRESS, n);
    Native.check(CL.clGetDeviceIDs(platform, all, n, ids, MemorySegment.NULL), "clGetDeviceIDs");
    String name =
        Native.text(
            "clGetPlatformInfo",
            CL.CL_PLATFORM_NAME(),
            (p, size, value, ret) -> CL.clGetPlatformInfo(platform, p, size, value, ret));
    List<Found> found = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      found.add(of(platform, ids.getAtIndex(ADDRESS, i), name));
    }
    return found;
  }

  static Found of(MemorySegment platform, MemorySegment device, String platformName) {
    boolean cpu = (number(device, CL.CL_DEVICE_TYPE()) & CL.CL_DEVICE_TYPE_CPU()) != 0;
    return new Found(
        platform,
        device,
        platformName,
        text(device, CL.CL_DEVICE_NAME()),
        text(device, CL.CL_DRIVER_VERSION()),
        !cpu);
  }

  static String text(MemorySegment device, int name) {
    return Native.text(
        "clGetDeviceInfo",
        name,
        (p, size, value, ret) -> CL.clGetDeviceInfo(device, p, size, value, ret));
  }

  static long number(MemorySegment device, int name) {
    return Native.number(
        "clGetDeviceInfo",
        name,
        (p, size, value, ret) -> CL.clGetDeviceInfo(device, p, size, value, ret));
  }

  /// Whether `part` is this device's type, `gpu` or `cpu`, or a part of its names.
  boolean matches(String part) {
    String type = part.toLowerCase(Locale.ROOT);
    if (type.equals("gpu") || type.equals("cpu")) {
      return gpu == type.equals("gpu");
    }
    return (platform + " " + name).toLowerCase(Locale.ROOT).contains(type);
  }

  @Override
  public String toString() {
    return "%s (%s %s)".formatted(name, platform, version);
  }
}
