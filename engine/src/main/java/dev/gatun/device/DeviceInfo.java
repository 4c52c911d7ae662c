package dev.gatun.device;

/// What a kernel may ask of the device it writes a [dev.gatun.op.Launch] for.
///
/// @param name as in [Device#name]
/// @param gpu whether work-groups should be shaped for a GPU: many work-items that share local
///   memory. Otherwise a work-item is a loop over vector registers
/// @param computeUnits cores or multiprocessors
/// @param maxWorkGroup work-items in a group at most
/// @param localBytes local memory of a group
/// @param doubles whether F64 kernels build
/// @param vectorBytes of a register of floats
public record DeviceInfo(
    String name,
    boolean gpu,
    int computeUnits,
    long maxWorkGroup,
    long localBytes,
    boolean doubles,
    int vectorBytes) {
  /// Lanes of a vector that a work-item should compute in: 64 bytes, or 1 on a GPU.
  public int lanes(int elementBytes) {
    return gpu ? 1 : 64 / elementBytes;
  }
}
