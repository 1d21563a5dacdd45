module @complex_arithmetic attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<12xcomplex<f32>>, %arg1: tensor<12xcomplex<f32>>) -> (tensor<12xcomplex<f32>>, tensor<12xcomplex<f32>>, tensor<12xcomplex<f32>>, tensor<12xcomplex<f32>>, tensor<12xf32>, tensor<12xf32>, tensor<12xcomplex<f32>>) {
    %0 = stablehlo.add %arg0, %arg1 : tensor<12xcomplex<f32>>
    %1 = stablehlo.subtract %arg0, %arg1 : tensor<12xcomplex<f32>>
    %2 = stablehlo.multiply %arg0, %arg1 : tensor<12xcomplex<f32>>
    %3 = stablehlo.real %arg0 : (tensor<12xcomplex<f32>>) -> tensor<12xf32>
    %4 = stablehlo.imag %arg0 : (tensor<12xcomplex<f32>>) -> tensor<12xf32>
    %5 = stablehlo.negate %4 : tensor<12xf32>
    %6 = stablehlo.complex %3, %5 : tensor<12xcomplex<f32>>
    %7 = stablehlo.real %arg0 : (tensor<12xcomplex<f32>>) -> tensor<12xf32>
    %8 = stablehlo.imag %arg1 : (tensor<12xcomplex<f32>>) -> tensor<12xf32>
    %9 = stablehlo.real %arg0 : (tensor<12xcomplex<f32>>) -> tensor<12xf32>
    %10 = stablehlo.imag %arg1 : (tensor<12xcomplex<f32>>) -> tensor<12xf32>
    %11 = stablehlo.complex %9, %10 : tensor<12xcomplex<f32>>
    return %0, %1, %2, %6, %7, %8, %11 : tensor<12xcomplex<f32>>, tensor<12xcomplex<f32>>, tensor<12xcomplex<f32>>, tensor<12xcomplex<f32>>, tensor<12xf32>, tensor<12xf32>, tensor<12xcomplex<f32>>
  }
}
