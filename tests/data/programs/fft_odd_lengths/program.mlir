module @fft_odd_lengths attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<2x12xcomplex<f32>>, %arg1: tensor<7xcomplex<f32>>) -> (tensor<2x12xcomplex<f32>>, tensor<7xcomplex<f32>>) {
    %0 = call @fft(%arg0) : (tensor<2x12xcomplex<f32>>) -> tensor<2x12xcomplex<f32>>
    %1 = call @fft_0(%arg1) : (tensor<7xcomplex<f32>>) -> tensor<7xcomplex<f32>>
    return %0, %1 : tensor<2x12xcomplex<f32>>, tensor<7xcomplex<f32>>
  }
  func.func private @fft(%arg0: tensor<2x12xcomplex<f32>>) -> tensor<2x12xcomplex<f32>> {
    %0 = stablehlo.fft %arg0, type = FFT, length = [12] : (tensor<2x12xcomplex<f32>>) -> tensor<2x12xcomplex<f32>>
    return %0 : tensor<2x12xcomplex<f32>>
  }
  func.func private @fft_0(%arg0: tensor<7xcomplex<f32>>) -> tensor<7xcomplex<f32>> {
    %0 = stablehlo.fft %arg0, type = FFT, length = [7] : (tensor<7xcomplex<f32>>) -> tensor<7xcomplex<f32>>
    return %0 : tensor<7xcomplex<f32>>
  }
}
