module @fft_c64 attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<3x16xcomplex<f32>>) -> (tensor<3x16xcomplex<f32>>, tensor<3x16xcomplex<f32>>) {
    %0 = call @fft(%arg0) : (tensor<3x16xcomplex<f32>>) -> tensor<3x16xcomplex<f32>>
    %1 = call @fft_0(%0) : (tensor<3x16xcomplex<f32>>) -> tensor<3x16xcomplex<f32>>
    return %0, %1 : tensor<3x16xcomplex<f32>>, tensor<3x16xcomplex<f32>>
  }
  func.func private @fft(%arg0: tensor<3x16xcomplex<f32>>) -> tensor<3x16xcomplex<f32>> {
    %0 = stablehlo.fft %arg0, type = FFT, length = [16] : (tensor<3x16xcomplex<f32>>) -> tensor<3x16xcomplex<f32>>
    return %0 : tensor<3x16xcomplex<f32>>
  }
  func.func private @fft_0(%arg0: tensor<3x16xcomplex<f32>>) -> tensor<3x16xcomplex<f32>> {
    %0 = stablehlo.fft %arg0, type = IFFT, length = [16] : (tensor<3x16xcomplex<f32>>) -> tensor<3x16xcomplex<f32>>
    return %0 : tensor<3x16xcomplex<f32>>
  }
}
