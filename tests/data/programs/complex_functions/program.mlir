module @complex_functions attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<10xf32>, %arg1: tensor<10xf32>) -> (tensor<10xf32>, tensor<10xf32>, tensor<10xcomplex<f32>>, tensor<10xcomplex<f32>>, tensor<10xcomplex<f32>>) {
    %0 = stablehlo.complex %arg0, %arg1 : tensor<10xcomplex<f32>>
    %1 = stablehlo.abs %0 : (tensor<10xcomplex<f32>>) -> tensor<10xf32>
    %2 = call @angle(%0) : (tensor<10xcomplex<f32>>) -> tensor<10xf32>
    %3 = stablehlo.exponential %0 : tensor<10xcomplex<f32>>
    %4 = stablehlo.log %0 : tensor<10xcomplex<f32>>
    %5 = stablehlo.sqrt %0 : tensor<10xcomplex<f32>>
    return %1, %2, %3, %4, %5 : tensor<10xf32>, tensor<10xf32>, tensor<10xcomplex<f32>>, tensor<10xcomplex<f32>>, tensor<10xcomplex<f32>>
  }
  func.func private @angle(%arg0: tensor<10xcomplex<f32>>) -> tensor<10xf32> {
    %0 = stablehlo.real %arg0 : (tensor<10xcomplex<f32>>) -> tensor<10xf32>
    %1 = stablehlo.imag %arg0 : (tensor<10xcomplex<f32>>) -> tensor<10xf32>
    %2 = stablehlo.atan2 %1, %0 : tensor<10xf32>
    return %2 : tensor<10xf32>
  }
}
