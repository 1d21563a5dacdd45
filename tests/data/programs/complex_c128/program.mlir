module @complex_c128 attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<10xcomplex<f64>>, %arg1: tensor<10xcomplex<f64>>) -> (tensor<10xcomplex<f64>>, tensor<10xcomplex<f64>>, tensor<10xf64>, tensor<10xcomplex<f64>>) {
    %0 = stablehlo.multiply %arg0, %arg1 : tensor<10xcomplex<f64>>
    %cst = stablehlo.constant dense<(5.000000e+00,0.000000e+00)> : tensor<complex<f64>>
    %1 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<complex<f64>>) -> tensor<10xcomplex<f64>>
    %2 = stablehlo.add %arg1, %1 : tensor<10xcomplex<f64>>
    %3 = stablehlo.divide %arg0, %2 : tensor<10xcomplex<f64>>
    %4 = stablehlo.abs %arg0 : (tensor<10xcomplex<f64>>) -> tensor<10xf64>
    %5 = stablehlo.subtract %arg0, %arg1 : tensor<10xcomplex<f64>>
    return %0, %3, %4, %5 : tensor<10xcomplex<f64>>, tensor<10xcomplex<f64>>, tensor<10xf64>, tensor<10xcomplex<f64>>
  }
}
